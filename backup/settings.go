package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The same names and numbers as in lib/contract/backup.ts, which a test compares with these.
const (
	program             = "mlflow-backup"
	minPassphrase       = 16
	advisoryLock  int64 = 7310417208131201
)

// Files and folders of the container. Tests have others.
var (
	passphraseFile    = "/run/secrets/backup-passphrase"
	targetCredentials = "/run/secrets/backup-target-credentials"
	targetAuthority   = "/etc/mlflow-backup/target-ca.pem"
	targetSSHKey      = "/run/secrets/backup-target-ssh-key"
	targetKnownHosts  = "/etc/mlflow-backup/known_hosts"

	stateFolder   = "/var/lib/mlflow-backup"
	secretsFolder = "/run/secrets/mlflow"
)

// settings are the environment variables of the program.
type settings struct {
	artifacts      string
	drillSchedule  string
	keep           keep
	keepText       string
	schedule       string
	stack          string
	target         string
	targetEndpoint string
	targetRegion   string
	mlflow         string
	passphrase     string
}

const defaultKeep = "hourly=24,daily=7,weekly=5,monthly=12"

// readSettings reads the environment, and the passphrase from its file.
func readSettings() (*settings, error) {
	s := &settings{
		artifacts:      os.Getenv("BACKUP_ARTIFACTS"),
		drillSchedule:  os.Getenv("BACKUP_DRILL_SCHEDULE"),
		keepText:       os.Getenv("BACKUP_KEEP"),
		schedule:       os.Getenv("BACKUP_SCHEDULE"),
		stack:          os.Getenv("BACKUP_STACK"),
		target:         os.Getenv("BACKUP_TARGET"),
		targetEndpoint: os.Getenv("BACKUP_TARGET_ENDPOINT"),
		targetRegion:   os.Getenv("BACKUP_TARGET_REGION"),
		mlflow:         os.Getenv("MLFLOW_VERSION"),
	}
	if s.stack == "" {
		return nil, usage("BACKUP_STACK is not set", "Set it to the name of the stack.")
	}
	if s.target == "" {
		return nil, usage("BACKUP_TARGET is not set", "Set it to file:///backup, s3://bucket/prefix or sftp://user@host/path.")
	}
	if s.keepText == "" {
		s.keepText = defaultKeep
	}
	kept, err := parseKeep(s.keepText)
	if err != nil {
		return nil, err
	}
	s.keep = kept
	s.passphrase, err = readPassphrase(passphraseFile)
	return s, err
}

func readPassphrase(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", usage("the passphrase of the backup cannot be read: "+err.Error(), "Give the container the file "+path+".")
	}
	passphrase := strings.TrimRight(string(text), "\r\n")
	if len([]rune(passphrase)) < minPassphrase {
		return "", usage(
			"the passphrase of the backup has fewer than "+strconv.Itoa(minPassphrase)+" characters",
			"Choose a longer one before the first backup: it cannot be recovered, but a short one can be guessed.",
		)
	}
	return passphrase, nil
}

// bucketAddress splits s3://bucket/prefix. The prefix has a slash at its end, or is empty.
func bucketAddress(setting, text string) (bucket, prefix string, err error) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "s3" || address.Host == "" {
		return "", "", usage(setting+" is no address of a bucket", "Set it to s3://bucket or s3://bucket/prefix.")
	}
	prefix = strings.Trim(address.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return address.Host, prefix, nil
}

func stateFile(name string) string { return filepath.Join(stateFolder, name) }
