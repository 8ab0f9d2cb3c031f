package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/repo/blob/s3"
	"github.com/kopia/kopia/repo/blob/sftp"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Kopia tries ten times, which takes minutes. A target that does not answer at all is told sooner.
var targetTimeout = 20 * time.Second

// openTarget opens the storage of BACKUP_TARGET. The address in it has no secret: keys are in files.
func openTarget(ctx context.Context, s *settings) (blob.Storage, error) {
	address, err := url.Parse(s.target)
	if err != nil {
		return nil, usage("BACKUP_TARGET is no address", "Set it to file:///backup, s3://bucket/prefix or sftp://user@host/path.")
	}
	if _, given := address.User.Password(); given {
		return nil, usage("BACKUP_TARGET has a password in it", "Give keys as files: an address shows up in plans and logs.")
	}
	var storage blob.Storage
	switch address.Scheme {
	case "file":
		storage, err = folderTarget(ctx, address.Path)
	case "s3":
		storage, err = s3Target(ctx, s)
	case "sftp":
		storage, err = sftpTarget(ctx, address)
	default:
		return nil, usage("BACKUP_TARGET has an unknown scheme: "+address.Scheme, "Use file, s3 or sftp.")
	}
	if err != nil {
		return nil, targetFailure(s.target, err)
	}
	return storage, nil
}

func folderTarget(ctx context.Context, path string) (blob.Storage, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", path)
	}
	return filesystem.New(ctx, &filesystem.Options{Path: path, FileMode: 0o600, DirectoryMode: 0o700}, false)
}

func s3Target(ctx context.Context, s *settings) (blob.Storage, error) {
	bucket, prefix, err := bucketAddress("BACKUP_TARGET", s.target)
	if err != nil {
		return nil, err
	}
	keys, err := credentials.NewFileAWSCredentials(targetCredentials, "default").GetWithContext(nil)
	if err != nil {
		return nil, usage("the keys of the target cannot be read: "+reason(err), "Give the container the file "+targetCredentials+".")
	}
	region := s.targetRegion
	if region == "" {
		region = "us-east-1"
	}
	endpoint := s.targetEndpoint
	if endpoint == "" {
		endpoint = "https://s3." + region + ".amazonaws.com"
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, usage("BACKUP_TARGET_ENDPOINT is no address", "Set it to an address such as https://s3.example.com.")
	}
	authority, err := os.ReadFile(targetAuthority)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := answers(ctx, address.Host, map[string]string{"http": "80", "https": "443"}[address.Scheme]); err != nil {
		return nil, err
	}
	return s3.New(ctx, &s3.Options{
		BucketName:      bucket,
		Prefix:          prefix,
		Endpoint:        address.Host,
		DoNotUseTLS:     address.Scheme == "http",
		RootCA:          authority,
		Region:          region,
		AccessKeyID:     keys.AccessKeyID,
		SecretAccessKey: keys.SecretAccessKey,
		SessionToken:    keys.SessionToken,
	}, false)
}

func sftpTarget(ctx context.Context, address *url.URL) (blob.Storage, error) {
	if address.User.Username() == "" {
		return nil, usage("BACKUP_TARGET has no user", "Set it to sftp://user@host/path.")
	}
	for _, path := range []string{targetSSHKey, targetKnownHosts} {
		if _, err := os.Stat(path); err != nil {
			return nil, usage("a file of the target cannot be read: "+reason(err), "Give the container the file "+path+".")
		}
	}
	if err := checkSSH(ctx, address); err != nil {
		return nil, err
	}
	command, arguments, err := sshCommand(address)
	if err != nil {
		return nil, err
	}
	return sftp.New(ctx, &sftp.Options{
		Path:         address.Path,
		Host:         address.Hostname(),
		Username:     address.User.Username(),
		ExternalSSH:  true,
		SSHCommand:   command,
		SSHArguments: arguments,
	}, false)
}

func hostAndPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		return net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	return host
}

// answers connects once.
func answers(ctx context.Context, host, port string) error {
	connection, err := (&net.Dialer{Timeout: targetTimeout}).DialContext(ctx, "tcp", hostAndPort(host, port))
	if err != nil {
		return err
	}
	return connection.Close()
}

// probe writes a file to the target and deletes it, so that a full or read-only target is told before the dump.
func probe(ctx context.Context, storage blob.Storage, address *url.URL) error {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	name := "probe-" + hex.EncodeToString(random)
	if address.Scheme == "file" {
		// Kopia retries for eleven seconds.
		path := filepath.Join(address.Path, name)
		if err := os.WriteFile(path, random, 0o600); err != nil {
			_ = os.Remove(path)
			return err
		}
		return os.Remove(path)
	}
	if err := storage.PutBlob(ctx, blob.ID(name), text(random), blob.PutOptions{}); err != nil {
		return err
	}
	return storage.DeleteBlob(ctx, blob.ID(name))
}

// text is the content of a blob.
type text []byte

func (t text) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t)
	return int64(n), err
}
func (t text) Length() int               { return len(t) }
func (t text) Reader() io.ReadSeekCloser { return nopCloser{bytes.NewReader(t)} }

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }
