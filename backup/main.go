// Command mlflow-backup backs up MLflow's database and bucket together, and brings them back.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// options are those of all verbs. A verb refuses the ones that it does not have.
type options struct {
	json bool
	restoring
}

// verbs are what the program can be asked for: BACKUP_VERBS in lib/contract/backup.ts.
var verbs = map[string]struct {
	options []string
	// Whether `status` tells how the last one ended.
	recorded bool
	do       func(context.Context, *settings, options) (any, error)
}{
	"serve":   {nil, false, nil},
	"health":  {nil, false, nil},
	"run":     {[]string{"json"}, true, doRun},
	"list":    {[]string{"json", "stack"}, false, doList},
	"check":   {[]string{"json", "stack"}, true, doCheck},
	"restore": {[]string{"json", "stack", "at", "overwrite", "only", "only-run", "only-model"}, true, doRestore},
	"drill":   {[]string{"json", "stack", "at"}, true, doDrill},
	"status":  {[]string{"json"}, false, doStatus},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == sshVerb {
		if err := runSSH(os.Args[2:]); err != nil {
			progress("%s: %s", program, reason(err))
			os.Exit(int(statusTarget))
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		// A second signal ends at once.
		stop()
	}()
	os.Exit(int(command(ctx, os.Args[1:], os.Stdout)))
}

// command runs a verb, and returns the exit status.
func command(ctx context.Context, arguments []string, stdout io.Writer) status {
	started := time.Now()
	name, given, err := parse(arguments)
	var s *settings
	if err == nil && name == "health" {
		err = health()
		if err == nil {
			return statusOK
		}
	} else if err == nil {
		s, err = readSettings()
	}
	var report any
	if err == nil && name == "serve" {
		err = serve(ctx, s)
	} else if err == nil {
		report, err = verbs[name].do(ctx, s, given)
	}
	ended := result{Time: started.UTC(), Seconds: time.Since(started).Seconds()}
	if err != nil {
		found := asFailure(err)
		ended.Status, ended.Message = found.status, found.message
		fmt.Fprintf(os.Stderr, "%s: %s\n%s\n", program, found.message, found.remedy)
		if given.json && report == nil {
			report = map[string]any{
				"status": found.status,
				"error":  map[string]string{"name": statusNames[found.status], "message": found.message, "remedy": found.remedy},
			}
		}
	}
	// What some files brought back says nothing of a restore of everything that was interrupted.
	if verbs[name].recorded && s != nil && !given.isPart() {
		writeState(name, ended)
	}
	if report != nil && given.json {
		_ = json.NewEncoder(stdout).Encode(report)
	}
	return ended.Status
}

// parse reads the verb and its options.
func parse(arguments []string) (string, options, error) {
	var given options
	if len(arguments) == 0 {
		return "", given, usage("no verb is given", "Use one of serve, health, run, list, check, restore, drill, status.")
	}
	name := arguments[0]
	verb, known := verbs[name]
	if !known {
		return "", given, usage("there is no verb "+name, "Use one of serve, health, run, list, check, restore, drill, status.")
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, option := range verb.options {
		switch option {
		case "json":
			flags.BoolVar(&given.json, option, false, "")
		case "stack":
			flags.StringVar(&given.stack, option, os.Getenv("BACKUP_STACK"), "")
		case "at":
			flags.StringVar(&given.at, option, "", "")
		case "overwrite":
			flags.BoolVar(&given.overwrite, option, false, "")
		case "only":
			flags.StringVar(&given.only, option, "", "")
		case "only-run":
			flags.StringVar(&given.onlyRun, option, "", "")
		case "only-model":
			flags.StringVar(&given.onlyModel, option, "", "")
		}
	}
	err := flags.Parse(arguments[1:])
	if err == nil && flags.NArg() > 0 {
		err = errors.New("an argument that is not asked for: " + flags.Arg(0))
	}
	if err == nil {
		err = oneChoice(flags)
	}
	if err != nil {
		return name, given, usage(err.Error(), "Options of "+name+" are in backup/README.md.")
	}
	return name, given, nil
}

// oneChoice refuses two choices, and an empty one, as a script gives it whose variable is not set: that would be everything.
func oneChoice(flags *flag.FlagSet) (err error) {
	before := ""
	flags.Visit(func(one *flag.Flag) {
		if !strings.HasPrefix(one.Name, "only") {
			return
		}
		if one.Value.String() == "" {
			err = errors.New("--" + one.Name + " is empty")
		} else if before != "" {
			err = errors.New("--" + before + " and --" + one.Name + " are both given")
		}
		before = one.Name
	})
	return err
}

func doRun(ctx context.Context, s *settings, _ options) (any, error) {
	report, err := run(ctx, s)
	if err != nil {
		return nil, err
	}
	writeState("good", good{report.Backup, report.backups})
	progress("backup %s of %d objects, %d bytes; new: %d objects, %d bytes; %.1f s",
		report.Backup.ID, report.Backup.Objects, report.Backup.Bytes, report.NewObjects, report.NewBytes, report.Seconds)
	for _, warning := range report.Warnings {
		progress("%s", warning)
	}
	return report, nil
}

// listReport is BackupList in lib/contract/backup.ts.
type listReport struct {
	Target  string    `json:"target"`
	Backups []*backup `json:"backups"`
}

func doList(ctx context.Context, s *settings, given options) (any, error) {
	v, backups, err := openBackups(ctx, s, readOnly, given.stack)
	if err != nil && !errors.Is(err, errNoVault) {
		return nil, err
	}
	if err != nil {
		backups = []*backup{}
	} else {
		v.close(ctx)
	}
	if given.stack == s.stack {
		remember(backups)
	}
	if !given.json {
		for _, one := range backups {
			fmt.Printf("%s  %s  %d objects, %d bytes\n", one.ID, one.Time.Format(time.RFC3339), one.Objects, one.Bytes)
		}
	}
	return listReport{s.target, backups}, nil
}

func doCheck(ctx context.Context, s *settings, given options) (any, error) {
	report, err := check(ctx, s, given.stack)
	if errors.Is(err, errNoVault) {
		err = noBackup()
	}
	if err != nil {
		return nil, err
	}
	progress("%d backups, %d files, %d bytes read", report.Backups, report.Objects, report.Bytes)
	for _, one := range report.Damaged {
		progress("damaged: backup %s of %s, %s: %s", one.Backup, one.Time.Format(time.RFC3339), one.Path, one.Reason)
	}
	if len(report.Damaged) > 0 {
		return report, fail(statusDamaged, "Restore from a backup that is not named, or take the target from a copy.",
			"%d files of backups are damaged", len(report.Damaged))
	}
	return report, nil
}

func doRestore(ctx context.Context, s *settings, given options) (any, error) {
	report, err := bringBack(ctx, s, given.restoring)
	if err != nil {
		return nil, err
	}
	progress("restored the backup %s of %s: %d objects written, %d unchanged; %.1f s", report.Backup.ID,
		report.Backup.Time.Format(time.RFC3339), report.Written, report.Unchanged, report.Seconds)
	for _, warning := range report.Warnings {
		progress("%s", warning)
	}
	return report, nil
}

func doStatus(ctx context.Context, s *settings, given options) (any, error) {
	report, err := state(ctx, s)
	if err != nil {
		return nil, err
	}
	if !given.json {
		text, _ := json.MarshalIndent(report, "", "  ")
		fmt.Println(string(text))
	}
	return report, nil
}

var telling sync.Mutex

// progress writes a line for people.
func progress(format string, arguments ...any) {
	telling.Lock()
	defer telling.Unlock()
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}
