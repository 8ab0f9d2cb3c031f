package main

import (
	"context"
	"errors"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo"
)

// restoreReport is BackupRestore in lib/contract/backup.ts.
type restoreReport struct {
	Backup      *backup  `json:"backup"`
	Written     int64    `json:"written"`
	Replaced    int64    `json:"replaced"`
	Unchanged   int64    `json:"unchanged"`
	Others      int64    `json:"others"`
	Bytes       int64    `json:"bytes"`
	Reencrypted int      `json:"reencrypted"`
	Unreadable  []string `json:"unreadable"`
	Warnings    []string `json:"warnings"`
	Seconds     float64  `json:"seconds"`
}

// restoring says which backup to bring back, and how.
type restoring struct {
	stack     string
	at        string
	overwrite bool
	// Only objects whose keys begin so, or those of a run or of a model. No database.
	only      string
	onlyRun   string
	onlyModel string
}

// bringBack restores a backup. Objects come first: until the database's transaction is committed, nobody sees them.
func bringBack(ctx context.Context, s *settings, how restoring) (*restoreReport, error) {
	started := time.Now()
	d, err := openDatabase(ctx, "restore")
	if err != nil {
		return nil, err
	}
	defer d.close()
	v, backups, err := openBackups(ctx, s, thorough, how.stack)
	if errors.Is(err, errNoVault) {
		return nil, noBackup()
	}
	if err != nil {
		return nil, err
	}
	defer v.close(ctx)
	one, err := find(backups, how.at)
	if err != nil {
		return nil, err
	}
	b, err := openBucket(s)
	if err != nil {
		return nil, err
	}
	root, err := v.root(one)
	if err != nil {
		return nil, err
	}
	wanted, warnings, err := chosen(ctx, d.ask(ctx), b, root, how)
	if err != nil {
		return nil, asDamage(s.target, one, err)
	}
	report := &restoreReport{Backup: one, Unreadable: []string{}, Warnings: append([]string{}, warnings...)}
	present, err := b.chosenByKey(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if !how.isPart() {
		if err := mayReplace(ctx, s, d, one, len(present), how.overwrite); err != nil {
			return nil, err
		}
	}
	err = putObjects(ctx, b, root, present, wanted, how.overwrite || !how.isPart(), report)
	if errors.Is(err, errNothingChosen) {
		err = missing(ctx, v, backups, one, wanted, how)
	}
	if err != nil {
		return nil, asDamage(s.target, one, err)
	}
	if how.isPart() && report.Written == 0 {
		report.Warnings = append(report.Warnings, "Nothing was missing: all files are as in this backup. An older one may have others: --at.")
	}
	if !how.isPart() {
		progress("the database is restored")
		if err := restoreDump(ctx, d, root, report); err != nil {
			return nil, asDamage(s.target, one, err)
		}
		if err := v.adopt(ctx, s.stack); err != nil {
			report.Warnings = append(report.Warnings, "The target does not know this stack yet: "+reason(err))
		}
	}
	report.Seconds = time.Since(started).Seconds()
	return report, nil
}

// adopt lets a stack that has restored another stack's backup write to the same target.
func (v *vault) adopt(ctx context.Context, stack string) error {
	names, err := v.stacks(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == stack {
			return nil
		}
	}
	return repo.WriteSession(ctx, v.rep, repo.WriteSessionOptions{Purpose: "stack"}, func(ctx context.Context, w repo.RepositoryWriter) error {
		return addStack(ctx, w, stack)
	})
}

// mayReplace refuses what a restore would destroy, or what MLflow could not read.
func mayReplace(ctx context.Context, s *settings, d *database, one *backup, objects int, overwrite bool) error {
	if one.Schema != d.schema {
		return fail(statusFailed, "Give the database user a search_path that begins with "+one.Schema+".",
			"the backup is of the schema %s, and the database's is %s", one.Schema, d.schema)
	}
	if isNewer(one.MLflow, s.mlflow) {
		return fail(statusNewerSchema, "Deploy MLflow "+one.MLflow+" or newer, then restore: there is no way back from a migration.",
			"the backup is of MLflow %s, and this stack has MLflow %s", one.MLflow, s.mlflow)
	}
	if overwrite {
		return nil
	}
	used, err := d.used(ctx)
	if err != nil {
		return err
	}
	found := []string{}
	if len(used) > 0 {
		found = append(found, "the database has rows in "+strings.Join(used, ", "))
	}
	if objects > 0 {
		found = append(found, "the bucket has "+strconv.Itoa(objects)+" objects")
	}
	if len(found) > 0 {
		return fail(statusNotEmpty, "To replace them: --overwrite. Make a backup of them before.", "%s", strings.Join(found, ", and "))
	}
	return nil
}

// isNewer compares releases number by number. A release that is not known is not newer.
func isNewer(one, than string) bool {
	numbers := func(text string) []int {
		var result []int
		for _, word := range strings.FieldsFunc(text, func(letter rune) bool { return letter < '0' || letter > '9' }) {
			number, _ := strconv.Atoi(word)
			result = append(result, number)
		}
		return result
	}
	a, b := numbers(one), numbers(than)
	if len(b) == 0 {
		return false
	}
	for index := range a {
		if index >= len(b) {
			return a[index] > 0
		}
		if a[index] != b[index] {
			return a[index] > b[index]
		}
	}
	return false
}

// putting is one object that is missing in the bucket or other than in the backup.
type putting struct {
	key      string
	file     fs.File
	replaces bool
}

// errNothingChosen is the error of a restore of objects that the backup does not have.
var errNothingChosen = errors.New("the backup has none of these objects")

// maxNamed is the number of objects that a refusal names.
const maxNamed = 3

// putObjects writes the chosen objects that are missing, and those that differ, if they may be overwritten.
func putObjects(
	ctx context.Context, b *bucket, root fs.Directory, present map[string]*object, wanted choice, overwrite bool, report *restoreReport,
) error {
	var missing []putting
	var differing []string
	kept := map[string]bool{}
	err := eachChosen(ctx, root, wanted, func(key string, one fs.File) error {
		kept[key] = true
		there := present[key]
		if there != nil && there.size == one.Size() && there.owner == one.Owner() {
			report.Unchanged++
			return nil
		}
		if there != nil {
			differing = append(differing, key)
		}
		missing = append(missing, putting{key, one, there != nil})
		return nil
	})
	if err != nil {
		return err
	}
	if len(wanted) > 0 && len(kept) == 0 {
		return errNothingChosen
	}
	if len(differing) > 0 && !overwrite {
		return fail(statusNotEmpty, "To replace them by those of the backup: --overwrite. Make a backup of them before.",
			"nothing was written, because the bucket has other content for %d of the files, such as %s",
			len(differing), strings.Join(differing[:min(len(differing), maxNamed)], ", "))
	}
	for key := range present {
		if !kept[key] {
			report.Others++
		}
	}
	return putAll(ctx, b, missing, report)
}

func putAll(ctx context.Context, b *bucket, missing []putting, report *restoreReport) error {
	var total int64
	for _, one := range missing {
		total += one.file.Size()
	}
	progress("%d objects, %d bytes to write", len(missing), total)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, parallelFiles)
	var mutex sync.Mutex
	var running sync.WaitGroup
	told := time.Now()
	for _, one := range missing {
		slots <- struct{}{}
		if ctx.Err() != nil {
			<-slots
			break
		}
		running.Go(func() {
			defer func() { <-slots }()
			err := putOne(ctx, b, one)
			if err != nil {
				cancel(err)
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			report.Written++
			if one.replaces {
				report.Replaced++
			}
			report.Bytes += one.file.Size()
			if time.Since(told) > 5*time.Second {
				told = time.Now()
				progress("%d of %d objects, %d of %d bytes written", report.Written, len(missing), report.Bytes, total)
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

func putOne(ctx context.Context, b *bucket, one putting) error {
	reader, err := one.file.Open(ctx)
	if err != nil {
		return damaged{one.key, err}
	}
	defer reader.Close()
	remembered := &remembering{reader: reader}
	if err := b.put(ctx, one.key, one.file.Size(), remembered); err != nil {
		if remembered.err != nil {
			return damaged{one.key, remembered.err}
		}
		return err
	}
	return nil
}

// damaged is an error of a file of the backup.
type damaged struct {
	path string
	err  error
}

func (d damaged) Error() string { return d.path + ": " + d.err.Error() }
func (d damaged) Unwrap() error { return d.err }

func asDamage(target string, one *backup, err error) error {
	var found damaged
	if !errors.As(err, &found) || errors.Is(err, context.Canceled) {
		return err
	}
	if isTargetError(found.err) {
		return targetFailure(target, found.err)
	}
	return fail(statusDamaged, "Take an older backup (--at), and find out what else is damaged: mlflow-stack backup check.",
		"a file of the backup %s cannot be read: %s", one.ID, reason(found))
}

// eachObject calls a function with each object below a folder of a backup.
func eachObject(ctx context.Context, folder fs.Directory, at string, do func(string, fs.File) error) error {
	return eachObjectIn(ctx, folder, at, func(string) bool { return true }, do)
}

// eachObjectIn leaves out folders, whose keys end with a slash.
func eachObjectIn(
	ctx context.Context, folder fs.Directory, at string, reads func(string) bool, do func(string, fs.File) error,
) error {
	entries, err := fs.GetAllEntries(ctx, folder)
	if err != nil {
		return damaged{at, err}
	}
	sort.Slice(entries, func(a, b int) bool { return entries[a].Name() < entries[b].Name() })
	for _, entry := range entries {
		key := at + partOf(entry.Name())
		switch one := entry.(type) {
		case fs.Directory:
			if reads(key + "/") {
				err = eachObjectIn(ctx, one, key+"/", reads, do)
			}
		case fs.File:
			err = do(key, one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreDump restores the database. What MLflow has encrypted is encrypted again with the keys of this stack, in the same
// transaction, so that no server ever meets values of other keys.
func restoreDump(ctx context.Context, d *database, root fs.Directory, report *restoreReport) error {
	then, err := keysOf(ctx, root)
	if err != nil {
		return err
	}
	now, err := ownKeys()
	if err != nil {
		return err
	}
	reader, err := openFile(ctx, root, dumpName)
	if err != nil {
		return err
	}
	defer reader.Close()
	remembered := &remembering{reader: reader}
	err = restore(ctx, "service="+serviceName, d.schema, d.postgres, remembered, func(ask query) ([]string, error) {
		done, err := reencrypt(ask, d.schema, then, now)
		if err != nil {
			return nil, err
		}
		report.Reencrypted, report.Unreadable = len(done.updates), done.unreadable
		return done.updates, nil
	})
	if remembered.err != nil {
		return damaged{dumpName, remembered.err}
	}
	return err
}

func openFile(ctx context.Context, folder fs.Directory, name string) (fs.Reader, error) {
	entry, err := folder.Child(ctx, name)
	if err != nil {
		return nil, damaged{name, err}
	}
	reader, err := entry.(fs.File).Open(ctx)
	if err != nil {
		return nil, damaged{name, err}
	}
	return reader, nil
}
