package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// result is how a run of a verb ended: BackupResult in lib/contract/backup.ts.
type result struct {
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds"`
	Status  status    `json:"status"`
	Message string    `json:"message,omitempty"`
}

// good is what the last successful run or list saw.
type good struct {
	Backup  *backup `json:"backup"`
	Backups int     `json:"backups"`
}

// stateReport is BackupState in lib/contract/backup.ts.
type stateReport struct {
	Stack         string  `json:"stack"`
	Target        string  `json:"target"`
	Schedule      string  `json:"schedule"`
	DrillSchedule string  `json:"drillSchedule"`
	Keep          string  `json:"keep"`
	Backup        *backup `json:"backup,omitempty"`
	AgeSeconds    *int64  `json:"ageSeconds,omitempty"`
	Backups       int     `json:"backups"`
	Run           *result `json:"run,omitempty"`
	Check         *result `json:"check,omitempty"`
	Drill         *result `json:"drill,omitempty"`
	Restore       *result `json:"restore,omitempty"`
}

// state reads what the last runs have left. If that was lost, it asks the target.
func state(ctx context.Context, s *settings) (*stateReport, error) {
	report := &stateReport{
		Stack: s.stack, Target: s.target, Schedule: s.schedule, DrillSchedule: s.drillSchedule, Keep: s.keepText,
		Run: readState[result]("run"), Check: readState[result]("check"), Drill: readState[result]("drill"), Restore: readState[result]("restore"),
	}
	last := readState[good]("good")
	if last == nil {
		v, backups, err := openBackups(ctx, s, readOnly, s.stack)
		if err == nil {
			v.close(ctx)
			last = remember(backups)
		}
		var known *failure
		if err != nil && !errors.Is(err, errNoVault) && !(errors.As(err, &known) && known.status == statusOtherStack) {
			return nil, err
		}
	}
	if last != nil && last.Backup != nil {
		age := int64(time.Since(last.Backup.Time).Seconds())
		report.Backup, report.Backups, report.AgeSeconds = last.Backup, last.Backups, &age
	}
	return report, nil
}

// place is the target that the results of the last runs are about.
type place struct {
	Target string `json:"target"`
	// Identity of the repository. A folder of the host has the same path in the container as any other.
	Vault string `json:"vault"`
}

// forgetOtherTarget removes what was seen in another target: backups that are not in this one, and a drill of them.
func forgetOtherTarget(s *settings, identity string) {
	now := place{strings.TrimSpace(s.target + " " + s.targetEndpoint), identity}
	was := readState[place]("place")
	if was == nil {
		writeState("place", now)
		return
	}
	isOther := was.Target != now.Target
	if now.Vault == "" && !isOther {
		// It cannot be opened at this moment.
		now.Vault = was.Vault
	} else if now.Vault != "" && was.Vault != "" {
		isOther = was.Vault != now.Vault
	}
	if isOther {
		for _, name := range []string{"good", "run", "check", "drill"} {
			_ = os.Remove(stateFile(name + ".json"))
		}
	}
	writeState("place", now)
}

func remember(backups []*backup) *good {
	last := &good{Backups: len(backups)}
	if len(backups) > 0 {
		last.Backup = backups[0]
	}
	writeState("good", last)
	return last
}

func readState[T any](name string) *T {
	text, err := os.ReadFile(stateFile(name + ".json"))
	if err != nil {
		return nil
	}
	into := new(T)
	if json.Unmarshal(text, into) != nil {
		return nil
	}
	return into
}

// writeState replaces a file of the state as a whole. Without the state everything works, so an error is only told.
func writeState(name string, content any) {
	path := stateFile(name + ".json")
	text, err := json.Marshal(content)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	var temporary *os.File
	if err == nil {
		temporary, err = os.CreateTemp(filepath.Dir(path), name)
	}
	if err == nil {
		_, err = temporary.Write(text)
		err = errors.Join(err, temporary.Close())
		if err == nil {
			err = os.Rename(temporary.Name(), path)
		}
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}
	if err != nil {
		progress("the state was not written: %s", reason(err))
	}
}
