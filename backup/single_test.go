package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

const (
	runID   = "7c1f0e6cf4a34dd2a6a1bd8a24a2b1f4"
	modelID = "m-7c1f0e6cf4a34dd2a6a1bd8a24a2b1f5"
)

// rowsOf answers for a database with the rows that a table has in the test.
func rowsOf(tables map[string][][]string) query {
	return func(sql string) ([][]string, error) {
		for table, rows := range tables {
			if strings.Contains(sql, " from "+table+" ") {
				return rows, nil
			}
		}
		return nil, nil
	}
}

func saved(t *testing.T, keys ...string) *world {
	w := newWorld(t)
	for _, key := range keys {
		w.store.put(key, "saved")
	}
	w.mustSave()
	return w
}

func TestTheFilesOfARunComeBack(t *testing.T) {
	mine, model := "1/"+runID+"/artifacts/", "1/models/"+modelID+"/artifacts/MLmodel"
	w := saved(t, mine+"note.txt", mine+"deep/er.txt", model, "1/"+runID+"0/artifacts/note.txt", "2/other")
	for key := range w.store.objects {
		w.store.delete(key)
	}
	w.store.put(mine+"new", "stays")
	database := rowsOf(map[string][][]string{
		"runs":          {{"mlflow-artifacts:/1/" + runID + "/artifacts", "active", "active", "1"}},
		"logged_models": {{modelID, "mlflow-artifacts:/1/models/" + modelID + "/artifacts"}},
	})
	report, err := w.putBackChosen(context.Background(), database, restoring{onlyRun: runID})
	if err != nil || report.Written != 3 || report.Replaced != 0 || report.Others != 1 || len(report.Warnings) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	for key, wanted := range map[string]string{
		mine + "note.txt": "saved", mine + "deep/er.txt": "saved", model: "saved", mine + "new": "stays",
		"1/" + runID + "0/artifacts/note.txt": "(none)", "2/other": "(none)",
	} {
		if found := w.store.content(key); found != wanted {
			t.Errorf("%s: %s", key, found)
		}
	}
}

func TestAFileThatDiffersIsOverwrittenOnlyIfAgreed(t *testing.T) {
	key := "1/" + runID + "/artifacts/note.txt"
	w := saved(t, key, "1/"+runID+"/artifacts/gone.txt")
	w.store.put(key, "later")
	w.store.delete("1/" + runID + "/artifacts/gone.txt")
	database := rowsOf(map[string][][]string{"runs": {{"mlflow-artifacts:/1/" + runID + "/artifacts", "deleted", "deleted", "1"}}})

	_, err := w.putBackChosen(context.Background(), database, restoring{onlyRun: runID})
	w.wantStatus(err, statusNotEmpty)
	if !strings.Contains(err.Error(), key) || w.store.content(key) != "later" || w.store.content("1/"+runID+"/artifacts/gone.txt") != "(none)" {
		t.Errorf("%v", err)
	}
	report, err := w.putBackChosen(context.Background(), database, restoring{onlyRun: runID, overwrite: true})
	if err != nil || report.Written != 2 || report.Replaced != 1 || w.store.content(key) != "saved" {
		t.Errorf("%+v, %v", report, err)
	}
	if said := strings.Join(report.Warnings, " "); !strings.Contains(said, "restore_run(\""+runID) || !strings.Contains(said, "restore_experiment(\"1\")") {
		t.Error(said)
	}
}

func TestARunWithoutARowIsRefused(t *testing.T) {
	w := saved(t, "workspaces/blue/1/"+runID+"/artifacts/note.txt")
	for run, wanted := range map[string]string{runID: "--only workspaces/blue/1/" + runID + "/", "nobody": "Copy the id"} {
		_, err := w.putBackChosen(context.Background(), rowsOf(nil), restoring{onlyRun: run})
		w.wantStatus(err, statusUsage)
		if found := asFailure(err); !strings.Contains(found.remedy, wanted) {
			t.Errorf("%s %s", found.message, found.remedy)
		}
	}
}

func TestVersionsOfAModelComeBack(t *testing.T) {
	w := saved(t, "1/run/artifacts/model/MLmodel", "1/models/"+modelID+"/artifacts/MLmodel", "1/run/artifacts/other")
	for key := range w.store.objects {
		w.store.delete(key)
	}
	versions := [][]string{
		{"default", "1", "mlflow-artifacts:/1/run/artifacts/model"},
		{"default", "2", "s3://bucket/1/models/" + modelID + "/artifacts"},
		{"default", "3", "s3://another/1/run/artifacts"},
	}
	report, err := w.putBackChosen(context.Background(), rowsOf(map[string][][]string{"model_versions": versions}), restoring{onlyModel: "scoring"})
	if err != nil || report.Written != 2 || w.store.content("1/run/artifacts/other") != "(none)" {
		t.Errorf("%+v, %v", report, err)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "version 3") {
		t.Error(report.Warnings)
	}

	logged := rowsOf(map[string][][]string{"logged_models": {{modelID, "mlflow-artifacts:/1/models/" + modelID + "/artifacts", "active"}}})
	report, err = w.putBackChosen(context.Background(), logged, restoring{onlyModel: modelID})
	if err != nil || report.Unchanged != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestAModelThatIsNotClearIsRefused(t *testing.T) {
	w := saved(t, "1/blue/MLmodel", "1/red/MLmodel")
	versions := [][]string{{"blue", "1", "mlflow-artifacts:/1/blue"}, {"red", "1", "mlflow-artifacts:/1/red"}}
	both := rowsOf(map[string][][]string{"model_versions": versions})
	elsewhere := rowsOf(map[string][][]string{"model_versions": {{"", "1", "file:///tmp/1"}}})
	for _, one := range []struct {
		ask  query
		name string
	}{{both, "scoring"}, {both, "green/scoring"}, {rowsOf(nil), "scoring"}, {rowsOf(nil), modelID}, {elsewhere, "scoring"}} {
		_, err := w.putBackChosen(context.Background(), one.ask, restoring{onlyModel: one.name})
		w.wantStatus(err, statusUsage)
	}
	w.store.delete("1/red/MLmodel")
	w.store.delete("1/blue/MLmodel")
	report, err := w.putBackChosen(context.Background(), both, restoring{onlyModel: "red/scoring"})
	if err != nil || report.Written != 1 || w.store.content("1/blue/MLmodel") != "(none)" {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestTheBackupThatHasTheFilesIsNamed(t *testing.T) {
	w := saved(t, "1/"+runID+"/artifacts/note.txt")
	older := w.list()[0]
	w.store.delete("1/" + runID + "/artifacts/note.txt")
	w.mustSave()
	ctx := context.Background()
	v, backups, err := openBackups(ctx, w.settings, readOnly, "prod")
	if err != nil {
		t.Fatal(err)
	}
	defer v.close(ctx)

	err = missing(ctx, v, backups, backups[0], choice{"1/" + runID + "/artifacts/"}, restoring{onlyRun: runID})
	w.wantStatus(err, statusNoBackup)
	if found := asFailure(err); !strings.Contains(found.remedy, "--at "+older.ID) || !strings.Contains(found.message, "run "+runID) {
		t.Errorf("%s %s", found.message, found.remedy)
	}
	err = missing(ctx, v, backups, backups[0], choice{"1/other/"}, restoring{onlyRun: "other"})
	w.wantStatus(err, statusNoBackup)
	if !strings.Contains(err.Error(), "none of the 2 backups") {
		t.Error(err)
	}
}

func TestAnInterruptedRestoreOfFilesGoesOn(t *testing.T) {
	keys := []string{}
	for _, letter := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		keys = append(keys, "1/"+runID+"/artifacts/"+letter)
	}
	w := saved(t, keys...)
	for _, key := range keys {
		w.store.delete(key)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.store.written = cancel
	if _, err := w.putBackChosen(ctx, nil, restoring{only: "1/" + runID}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w.store.written = nil
	report, err := w.putBack(restoring{only: "1/" + runID})
	if err != nil || report.Replaced != 0 || report.Written+report.Unchanged != int64(len(keys)) {
		t.Errorf("%+v, %v", report, err)
	}
	if slices.ContainsFunc(keys, func(key string) bool { return w.store.content(key) != "saved" }) {
		t.Error("not all files are there")
	}
}

func TestAddressesThatMayMeanSomethingElseAreRefused(t *testing.T) {
	b := &bucket{name: "bucket", prefix: "team/"}
	for address, wanted := range map[string]string{
		"mlflow-artifacts:/1/a/artifacts":     "1/a/artifacts/",
		"mlflow-artifacts://host:5000/1/a/":   "1/a/",
		"s3://bucket/team/1/a":                "1/a/",
		"s3://bucket/teams/1/a":               "",
		"s3://bucket/team":                    "",
		"s3://other/team/1/a":                 "",
		"file:///tmp/1":                       "",
		"/tmp/1":                              "",
		"mlflow-artifacts:/":                  "",
		"mlflow-artifacts:/1/../2":            "",
		"mlflow-artifacts:/1//2":              "",
		"mlflow-artifacts:/1%2F2":             "",
		"mlflow-artifacts:/1#2":               "",
		"mlflow-artifacts:/1?2":               "",
		"https://host/mlflow-artifacts/1":     "",
		"":                                    "",
		"mlflow-artifacts:/1/run/artifacts/.": "",
	} {
		found, err := b.keyOf(address)
		if found != wanted || (err == nil) != (wanted != "") {
			t.Errorf("%s: %q, %v", address, found, err)
		}
	}
}

func TestAChoiceIsNeverEverything(t *testing.T) {
	for _, words := range [][]string{{"--only", ""}, {"--only-run", ""}, {"--only-model="}, {"--only", "1/", "--only-run", "x"}, {"--only-run", "x", "--only-model", "y"}} {
		if _, _, err := parse(append([]string{"restore"}, words...)); err == nil || asFailure(err).status != statusUsage {
			t.Errorf("%v: %v", words, err)
		}
	}
	if _, given, err := parse([]string{"restore", "--only-model", "x"}); err != nil || given.onlyModel != "x" || !given.isPart() {
		t.Errorf("%+v, %v", given, err)
	}
}
