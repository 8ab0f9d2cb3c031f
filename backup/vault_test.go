package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kopia/kopia/fs"
)

func TestABackupHasEverything(t *testing.T) {
	w := newWorld(t)
	w.store.put("0/run/artifacts/model/MLmodel", "flavors")
	w.store.put("0/run/artifacts/empty", "")
	w.store.put("0/run/artifacts/.kopiaignore", "*")
	w.store.put(marks+"prod", "prod/identity")
	if err := os.WriteFile(filepath.Join(secretsFolder, "webhook-key"), []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	report := w.mustSave()

	wanted := map[string]string{
		"database.dump": "rows",
		"artifacts/0/run/artifacts/model/MLmodel": "flavors",
		"artifacts/0/run/artifacts/empty":         "",
		"artifacts/0/run/artifacts/.kopiaignore":  "*",
		"secrets/webhook-key":                     "key",
	}
	if found := w.files(report.Backup.ID); !maps.Equal(found, wanted) {
		t.Errorf("%v", found)
	}
	one := w.list()[0]
	if one.ID != report.Backup.ID || one.Objects != 3 || one.Bytes != 8 || one.DatabaseBytes != 4 || one.Secrets[0] != "webhook-key" {
		t.Errorf("%+v", one)
	}
}

func TestOnlyWhatIsNewIsRead(t *testing.T) {
	w := newWorld(t)
	w.store.put("a", "one")
	w.store.put("b", "two")
	w.mustSave()
	w.store.reads = 0

	if report := w.mustSave(); w.store.reads != 0 || report.NewObjects != 0 || report.NewBytes != 0 {
		t.Errorf("%d reads, %+v", w.store.reads, report)
	}
	// The same size and the same millisecond, but another content.
	at := w.store.objects["a"][0].time
	w.store.putAt("a", "eno", at)
	if report := w.mustSave(); w.store.reads != 1 || report.NewObjects != 1 || report.NewBytes != 3 {
		t.Errorf("%d reads, %+v", w.store.reads, report)
	}
	if found := w.files("")["artifacts/a"]; found != "eno" {
		t.Error(found)
	}
}

func TestEachBackupStaysAsItWas(t *testing.T) {
	w := newWorld(t)
	w.store.put("a", "then")
	then := w.mustSave().Backup
	w.store.put("a", "now")
	w.store.put("b", "new")
	w.dump = "more rows"
	now := w.mustSave().Backup

	if found := w.files(then.ID); found["artifacts/a"] != "then" || found["artifacts/b"] != "" || found["database.dump"] != "rows" {
		t.Errorf("%v", found)
	}
	if found := w.files(now.ID); found["artifacts/a"] != "now" || found["database.dump"] != "more rows" {
		t.Errorf("%v", found)
	}
	for _, one := range []struct{ at, id string }{
		{then.ID, then.ID}, {then.Time.Format(time.RFC3339), then.ID}, {now.Time.Add(time.Hour).Format(time.RFC3339), now.ID}, {"", now.ID},
	} {
		if found, err := find(w.list(), one.at); err != nil || found.ID != one.id {
			t.Errorf("%q: %v, %v", one.at, found, err)
		}
	}
	for _, at := range []string{"nonsense", then.Time.Add(-time.Second).Format(time.RFC3339)} {
		_, err := find(w.list(), at)
		w.wantStatus(err, statusNoBackup)
	}
}

func TestAnotherPassphraseIsTold(t *testing.T) {
	w := newWorld(t)
	w.mustSave()
	w.settings.passphrase = "not the one of before"
	_, err := w.save()
	w.wantStatus(err, statusPassphrase)
	_, _, err = openBackups(context.Background(), w.settings, readOnly, "prod")
	w.wantStatus(err, statusPassphrase)
}

func TestAnEmptyTargetHasNoBackup(t *testing.T) {
	w := newWorld(t)
	if _, _, err := openBackups(context.Background(), w.settings, readOnly, "prod"); !errors.Is(err, errNoVault) {
		t.Error(err)
	}
	for path := range w.blobs() {
		// Kopia notes how it names folders, before it looks for anything.
		if filepath.Base(path) != ".shards" {
			t.Errorf("reading wrote %s", path)
		}
	}
}

func TestAnotherStackIsTold(t *testing.T) {
	w := newWorld(t)
	w.mustSave()
	w.settings.stack = "test"
	_, err := w.save()
	w.wantStatus(err, statusOtherStack)
	if !strings.Contains(err.Error(), "prod") {
		t.Error(err)
	}
	// A stack that has restored from it may write there.
	v, backups, err := openBackups(context.Background(), w.settings, thorough, "prod")
	if err != nil || len(backups) != 1 {
		t.Fatal(err)
	}
	if err := v.adopt(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	v.close(context.Background())
	w.mustSave()
	if len(w.list()) != 1 {
		t.Error("it sees the backups of the other stack")
	}
}

func TestATargetThatCannotBeUsedIsTold(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{
		"file://" + w.folder + "/none", "s3://bucket/x", "sftp://user@127.0.0.1:1/x", "sftp://127.0.0.1/x", "ftp://host/x", "sftp://a:b@host/x",
	} {
		w.settings.target = target
		if _, err := w.save(); err == nil {
			t.Errorf("%s was taken", target)
		} else if code := asFailure(err).status; code != statusTarget && code != statusUsage {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestALostFirstFileIsNoEmptyTarget(t *testing.T) {
	w := newWorld(t)
	w.mustSave()
	if err := os.Remove(filepath.Join(w.folder, "kopia.repository.f")); err != nil {
		t.Fatal(err)
	}
	_, err := w.save()
	w.wantStatus(err, statusDamaged)
}

func TestAFlippedByteIsFoundAndNamed(t *testing.T) {
	w := newWorld(t)
	w.store.put("good", strings.Repeat("good", 100))
	first := w.mustSave().Backup
	before := w.blobs()
	random := make([]byte, 100_000)
	_, _ = rand.New(rand.NewSource(1)).Read(random)
	w.store.put("bad/file", string(random))
	second, third := w.mustSave().Backup, w.mustSave().Backup
	report, err := check(context.Background(), w.settings, "prod")
	if err != nil || len(report.Damaged) != 0 || report.Backups != 3 {
		t.Fatalf("%+v, %v", report, err)
	}

	flipped := 0
	for path := range w.blobs() {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The pack with the object of the second backup, which the first did not have.
		if before[path] || len(content) < len(random) {
			continue
		}
		content[len(content)/2] ^= 1
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		flipped++
	}
	if flipped != 1 {
		t.Fatalf("%d packs were found", flipped)
	}
	report, err = check(context.Background(), w.settings, "prod")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, one := range report.Damaged {
		named[one.Backup+" "+one.Path] = true
		if one.Backup == first.ID {
			t.Errorf("the first backup is called damaged: %+v", one)
		}
	}
	if !named[second.ID+" artifacts/bad/file"] || !named[third.ID+" artifacts/bad/file"] {
		t.Errorf("%v", named)
	}
}

func (w *world) blobs() map[string]bool {
	result := map[string]bool{}
	_ = filepath.WalkDir(w.folder, func(path string, one os.DirEntry, err error) error {
		if err == nil && !one.IsDir() {
			result[path] = true
		}
		return err
	})
	return result
}

func TestAnInterruptedBackupIsNeverListed(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		w.store.put(key, key)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := w.contents()
	c.root.children = append(c.root.children, newStream("last", w.clock, func(context.Context) (io.ReadCloser, error) {
		cancel()
		return io.NopCloser(strings.NewReader("x")), nil
	}))
	if _, err := w.saveContents(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if found := w.list(); len(found) != 0 {
		t.Fatalf("%d backups", len(found))
	}
	w.mustSave()
	if report, err := check(context.Background(), w.settings, "prod"); err != nil || report.Backups != 1 || len(report.Damaged) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestAFailedDumpIsNoBackup(t *testing.T) {
	w := newWorld(t)
	c := w.contents()
	c.root.children[0] = newStream(dumpName, w.clock, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{})), nil
	})
	_, err := w.saveContents(context.Background(), c)
	w.wantStatus(err, statusFailed)
	if found := w.list(); len(found) != 0 {
		t.Errorf("%d backups", len(found))
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("pg_dump failed") }

func TestAFullTargetIsToldAsTheTarget(t *testing.T) {
	w := newWorld(t)
	c := w.contents()
	c.root.children[0] = newStream(dumpName, w.clock, func(context.Context) (io.ReadCloser, error) {
		return nil, &os.PathError{Op: "write", Path: "/backup/p", Err: syscall.ENOSPC}
	})
	_, err := w.saveContents(context.Background(), c)
	w.wantStatus(err, statusTarget)
}

func TestObjectsThatVanishAreCounted(t *testing.T) {
	w := newWorld(t)
	w.store.put("stays", "x")
	w.store.put("goes", "y")
	w.store.beforeGet = func(key string) {
		if key == "goes" {
			w.store.delete(key)
		}
	}
	report := w.mustSave()
	if report.Backup.Vanished != 1 || report.Backup.Objects != 1 || len(report.Warnings) != 1 {
		t.Errorf("%+v, %v", report.Backup, report.Warnings)
	}
}

func TestVersionsAreReadAsOfTheMoment(t *testing.T) {
	w := newWorld(t)
	w.store.versions = true
	at := time.Now().Add(-time.Hour)
	for _, one := range []struct {
		key, content string
		after        time.Duration
	}{
		{"stays", "then", -2}, {"changed", "then", -2}, {"changed", "now", 1}, {"later", "now", 1}, {"deleted", "then", -2}, {"gone", "then", -3},
	} {
		w.store.putAt(one.key, one.content, at.Add(one.after*time.Minute))
	}
	w.store.add("deleted", &version{deleted: true, time: at.Add(time.Minute)})
	w.store.add("gone", &version{deleted: true, time: at.Add(-time.Minute)})
	objects, err := w.bucket().objects(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, one := range objects {
		reader, err := one.open(context.Background())
		if err != nil {
			t.Fatal(one.key, err)
		}
		content, _ := io.ReadAll(reader)
		reader.Close()
		found[one.key] = string(content)
	}
	wanted := map[string]string{"stays": "then", "changed": "then", "deleted": "then", "later": "now"}
	if !maps.Equal(found, wanted) {
		t.Errorf("%v", found)
	}
}

func (w *world) putBack(how restoring) (*restoreReport, error) {
	w.Helper()
	return w.putBackChosen(context.Background(), nil, how)
}

// putBackChosen asks a database which objects are meant.
func (w *world) putBackChosen(ctx context.Context, ask query, how restoring) (*restoreReport, error) {
	w.Helper()
	root, closed := w.open(how.at)
	defer closed()
	wanted, warnings, err := chosen(ctx, ask, w.bucket(), root, how)
	if err != nil {
		return nil, err
	}
	present, err := w.bucket().chosenByKey(ctx, wanted)
	if err != nil {
		w.Fatal(err)
	}
	report := &restoreReport{Warnings: warnings}
	return report, putObjects(ctx, w.bucket(), root, present, wanted, how.overwrite, report)
}

func TestObjectsComeBack(t *testing.T) {
	w := newWorld(t)
	for key, content := range map[string]string{"a/same": "1", "a/changed": "2", "b/deleted": "3", "c": ""} {
		w.store.put(key, content)
	}
	w.mustSave()
	w.store.put("a/changed", "other")
	w.store.delete("b/deleted")
	w.store.put("new", "4")

	_, err := w.putBack(restoring{only: "a/"})
	w.wantStatus(err, statusNotEmpty)
	if _, err = w.putBack(restoring{only: "none/"}); !errors.Is(err, errNothingChosen) {
		t.Error(err)
	}
	report, err := w.putBack(restoring{only: "b/"})
	if err != nil || report.Written != 1 || w.store.content("b/deleted") != "3" || w.store.content("a/changed") != "other" {
		t.Errorf("%+v, %v", report, err)
	}
	report, err = w.putBack(restoring{overwrite: true})
	if err != nil || report.Written != 1 || report.Unchanged != 3 || report.Others != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if w.store.content("a/changed") != "2" || w.store.content("new") != "4" {
		t.Error("the bucket is not as it was")
	}
}

func TestRetentionDeletesAndKeepsTheRestReadable(t *testing.T) {
	w := newWorld(t)
	w.settings.keep = mustKeep(t, "daily=1")
	for index := range keptAnyway + 2 {
		w.store.put("changing", strings.Repeat("x", index))
		w.mustSave()
	}
	found := w.list()
	if len(found) != keptAnyway {
		t.Fatalf("%d backups are left", len(found))
	}
	report, err := check(context.Background(), w.settings, "prod")
	if err != nil || len(report.Damaged) != 0 || report.Backups != keptAnyway {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestNothingSecretIsInTheState(t *testing.T) {
	w := newWorld(t)
	// As a killed process leaves it: no process has this number.
	killed := filepath.Join(memoryFolder(), folderPrefix+"4194305-x")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	w.mustSave()
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Error("the configuration of a killed process is left")
	}
	_ = filepath.WalkDir(stateFolder, func(path string, one os.DirEntry, err error) error {
		if err == nil && !one.IsDir() {
			content, _ := os.ReadFile(path)
			if strings.Contains(string(content), w.settings.passphrase) {
				t.Errorf("%s has the passphrase", path)
			}
		}
		return err
	})
	if left, _ := filepath.Glob(filepath.Join(memoryFolder(), folderPrefix+strconv.Itoa(os.Getpid())+"-*")); len(left) != 0 {
		t.Errorf("a configuration is left: %v", left)
	}
}

var _ fs.StreamingFile = &stream{}
