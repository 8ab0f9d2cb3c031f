package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aptible/supercronic/cronexpr"
)

// serve checks the settings, opens or creates the repository, and becomes supercronic.
func serve(ctx context.Context, s *settings) error {
	for setting, schedule := range map[string]string{"BACKUP_SCHEDULE": s.schedule, "BACKUP_DRILL_SCHEDULE": s.drillSchedule} {
		if err := validateSchedule(setting, schedule); err != nil {
			return err
		}
	}
	if _, _, err := bucketAddress("BACKUP_ARTIFACTS", s.artifacts); err != nil {
		return err
	}
	identity := ""
	v, err := openVault(ctx, s, creating)
	if err == nil {
		identity = v.identity
		_, err = v.requireStack(ctx, s.stack)
		v.close(ctx)
	}
	forgetOtherTarget(s, identity)
	var known *failure
	if err != nil && !errors.As(err, &known) {
		return err
	}
	if err != nil {
		// A target may come back, get another passphrase, or have the backups that a new stack is about to restore. Each
		// run tries again, and fails by itself.
		progress("%s: %s\n%s", program, known.message, known.remedy)
	}
	return schedule(s)
}

func validateSchedule(setting, text string) error {
	if text == "" && setting == "BACKUP_DRILL_SCHEDULE" {
		return nil
	}
	remedy := "Write a cron expression such as '0 * * * *', in UTC."
	if strings.ContainsAny(text, "\r\n") || text == "" {
		return usage(setting+" is no cron expression", remedy)
	}
	expression, err := cronexpr.ParseStrict(text)
	if err != nil {
		return usage(setting+" is no cron expression: "+reason(err), remedy)
	}
	if expression.Next(time.Now()).IsZero() {
		return usage(setting+" never comes: "+text, remedy)
	}
	return nil
}

// schedule writes the crontab and replaces this process by supercronic.
func schedule(s *settings) error {
	supercronic, err := exec.LookPath("supercronic")
	if err != nil {
		return err
	}
	crontab := s.schedule + " " + program + " run\n"
	if s.drillSchedule != "" {
		crontab += s.drillSchedule + " " + program + " drill\n"
	}
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(stateFolder, "crontab")
	if err := os.WriteFile(path, []byte(crontab), 0o600); err != nil {
		return err
	}
	writeState("serve", map[string]int{"pid": os.Getpid()})
	progress("backups at %s, drills at %s", s.schedule, s.drillSchedule)
	return syscall.Exec(supercronic, []string{"supercronic", "-passthrough-logs", path}, os.Environ())
}

// health tells whether the scheduler runs. It touches neither database nor target.
func health() error {
	serving := readState[map[string]int]("serve")
	if serving != nil {
		words, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa((*serving)["pid"]), "cmdline"))
		if err == nil && strings.Contains(string(words), "supercronic") {
			return nil
		}
	}
	return fail(statusFailed, "The log of the service says why.", "the scheduler does not run")
}
