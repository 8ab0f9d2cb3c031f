package gateway

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheLogNamesTheUserOfAFailedLogin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	users := writeUsers(t, ada)
	port := runCaddy(t, fmt.Sprintf(`{
	admin off
	persist_config off
	auto_https off
	log default {
		output discard
	}
}
http://:%%s {
	log {
		output file %s
	}
	route {
		mlflow_login {
			%s
			failures_per_user 1
		}
		respond ok
	}
}`, file, users))
	verified = newVerifiedPasswords()
	for _, header := range []string{
		basicHeader("ada", "wrong"), basicHeader("ada", "wrong again"), basicHeader("a password typed as a name", ""), "Basic !",
	} {
		exchange(t, "127.0.0.1:"+port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: "+header+"\r\n\r\n")
	}
	got := eventuallyLines(t, file, 4)
	var failed []string
	for _, line := range got {
		var entry struct {
			Status     int
			FailedUser string `json:"failed_user"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		failed = append(failed, fmt.Sprintf("%d %s", entry.Status, entry.FailedUser))
	}
	if want := []string{"401 ada", "429 ada", "401 ", "401 "}; !slices.Equal(failed, want) {
		t.Errorf("the log has %q, not %q", failed, want)
	}
	for _, secret := range []string{"typed", "wrong", strings.TrimPrefix(basicHeader("ada", "wrong"), "Basic ")} {
		if strings.Contains(strings.Join(got, ""), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// eventuallyLines waits until a file has so many lines.
func eventuallyLines(t *testing.T, file string, count int) (lines []string) {
	t.Helper()
	for t.Context().Err() == nil {
		lines = lines[:0]
		if opened, err := os.Open(file); err == nil {
			for scanner := bufio.NewScanner(opened); scanner.Scan(); {
				lines = append(lines, scanner.Text())
			}
			_ = opened.Close()
		}
		if len(lines) >= count {
			return lines
		}
	}
	return lines
}
