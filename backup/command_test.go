package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnknownWordsAreRefused(t *testing.T) {
	for _, words := range [][]string{{}, {"backup"}, {"run", "--at", "x"}, {"list", "extra"}, {"restore", "--no-such"}, {"serve", "--json"}} {
		if _, _, err := parse(words); err == nil || asFailure(err).status != statusUsage {
			t.Errorf("%v: %v", words, err)
		}
	}
	if _, given, err := parse([]string{"restore", "--at", "x", "--overwrite", "--only", "0/", "--stack", "prod", "--json"}); err != nil ||
		given.at != "x" || !given.overwrite || given.only != "0/" || given.stack != "prod" || !given.json {
		t.Errorf("%+v, %v", given, err)
	}
}

func TestAFailureIsOneDocument(t *testing.T) {
	t.Setenv("BACKUP_STACK", "")
	var stdout bytes.Buffer
	if code := command(context.Background(), []string{"run", "--json"}, &stdout); code != statusUsage {
		t.Errorf("%d", code)
	}
	var document struct {
		Status status
		Error  struct{ Name, Message, Remedy string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	if document.Status != statusUsage || document.Error.Name != "USAGE" || document.Error.Message == "" || document.Error.Remedy == "" {
		t.Errorf("%+v", document)
	}
}

func TestSchedulesThatNeverComeAreRefused(t *testing.T) {
	for _, text := range []string{"", "nonsense", "0 0 31 2 *", "* * * *", "0 * * * *\n* * * * * rm", "99 * * * *"} {
		if err := validateSchedule("BACKUP_SCHEDULE", text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	for _, text := range []string{"0 * * * *", "17 3 * * 0", "*/5 * * * *"} {
		if err := validateSchedule("BACKUP_SCHEDULE", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := validateSchedule("BACKUP_DRILL_SCHEDULE", ""); err != nil {
		t.Error(err)
	}
}

func TestAShortPassphraseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	for text, taken := range map[string]bool{"": false, "fifteen letters": false, "sixteen letters!": true, "sixteen letters!\n": true, "fifteen letters\n": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := readPassphrase(path)
		if (err == nil) != taken || strings.Contains(found, "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNewerReleases(t *testing.T) {
	for _, one := range []struct {
		a, b  string
		newer bool
	}{
		{"3.17.2", "3.17.2", false}, {"3.18.0", "3.17.2", true}, {"3.9.0", "3.17.2", false}, {"4.0", "3.17.2", true}, {"3.17", "3.17.2", false},
		{"3.17.2.1", "3.17.2", true}, {"", "3.17.2", false}, {"3.17.2", "", false},
	} {
		if isNewer(one.a, one.b) != one.newer {
			t.Errorf("%s newer than %s", one.a, one.b)
		}
	}
}

func TestTheStateIsReplacedAsAWhole(t *testing.T) {
	stateFolder = t.TempDir()
	writeState("run", result{Status: statusLocked, Message: "first"})
	writeState("run", result{Status: statusOK})
	if found := readState[result]("run"); found == nil || found.Status != statusOK || found.Message != "" {
		t.Errorf("%+v", found)
	}
	if err := os.WriteFile(stateFile("run.json"), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := readState[result]("run"); found != nil {
		t.Errorf("%+v", found)
	}
	if left, _ := os.ReadDir(stateFolder); len(left) != 1 {
		t.Errorf("%d files", len(left))
	}
}
