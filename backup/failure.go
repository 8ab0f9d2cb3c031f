package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/minio/minio-go/v7"
)

// status is an exit status: BackupStatus in lib/contract/backup.ts.
type status int

const (
	statusOK          status = 0
	statusFailed      status = 1
	statusUsage       status = 2
	statusTarget      status = 10
	statusPassphrase  status = 11
	statusOtherStack  status = 12
	statusLocked      status = 13
	statusNotEmpty    status = 14
	statusNewerSchema status = 15
	statusDamaged     status = 16
	statusNoBackup    status = 17
)

var statusNames = map[status]string{
	statusOK:          "OK",
	statusFailed:      "FAILED",
	statusUsage:       "USAGE",
	statusTarget:      "TARGET",
	statusPassphrase:  "PASSPHRASE",
	statusOtherStack:  "OTHER_STACK",
	statusLocked:      "LOCKED",
	statusNotEmpty:    "NOT_EMPTY",
	statusNewerSchema: "NEWER_SCHEMA",
	statusDamaged:     "DAMAGED",
	statusNoBackup:    "NO_BACKUP",
}

// failure is an error with an exit status, one sentence, and what a person can do.
type failure struct {
	status  status
	message string
	remedy  string
}

func (f *failure) Error() string { return f.message }

func fail(code status, remedy, message string, arguments ...any) *failure {
	return &failure{code, fmt.Sprintf(message, arguments...), remedy}
}

func usage(message, remedy string) *failure { return &failure{statusUsage, message, remedy} }

const targetRemedy = "Check that the target is there, that its keys are right, that it may be written to and has free space."

// What a person can do after an error of an S3 service.
var s3Remedies = map[string]string{
	"NoSuchBucket":          "Create the bucket, or correct BACKUP_TARGET.",
	"InvalidAccessKeyId":    "Correct BACKUP_ACCESS_KEY_ID ('accessKeyId'): the service does not know this key.",
	"SignatureDoesNotMatch": "Correct BACKUP_SECRET_ACCESS_KEY ('secretAccessKey'): it does not belong to the access key.",
	"AccessDenied": "Give the key s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on the objects " +
		"below the prefix.",
	"RequestTimeTooSkewed": "Set the clock of this machine.",
}

// targetFailure names what is wrong with the target of the backups. Errors of kopia's never contain keys.
func targetFailure(target string, err error) error {
	var known *failure
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var answer minio.ErrorResponse
	_ = errors.As(err, &answer)
	if errors.Is(err, blob.ErrInvalidCredentials) {
		answer.Code = "InvalidAccessKeyId"
	}
	remedy, special := s3Remedies[answer.Code]
	if !special {
		remedy = targetRemedy
	}
	return fail(statusTarget, remedy, "the target %s cannot be used: %s", target, reason(err))
}

// isTargetError tells errors of the target, after the repository was opened, from others.
func isTargetError(err error) bool {
	var net net.Error
	var path *fs.PathError
	var number syscall.Errno
	var answer minio.ErrorResponse
	if errors.As(err, &number) {
		switch number {
		case syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.EIO:
			return true
		}
	}
	text := err.Error()
	for _, word := range []string{"no space left", "read-only file system", "permission denied", "can't write", "PutBlob", "putBlob"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return errors.As(err, &net) || errors.As(err, &path) || errors.As(err, &answer)
}

// reason is an error's text on one line, and short enough to be read.
func reason(err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "it does not exist"
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 400 {
		text = text[:400] + "…"
	}
	return text
}

// asFailure gives every error an exit status and a remedy.
func asFailure(err error) *failure {
	var known *failure
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, repo.ErrInvalidPassword):
		return wrongPassphrase()
	case errors.Is(err, context.Canceled):
		return fail(statusFailed, "Start it again: it begins where it can.", "it was interrupted")
	}
	return fail(statusFailed, "Try again; if it fails again, report it with this line.", "%s", reason(err))
}

func wrongPassphrase() *failure {
	return fail(statusPassphrase, "Give the passphrase that the first backup was made with.",
		"the target was written with another passphrase")
}
