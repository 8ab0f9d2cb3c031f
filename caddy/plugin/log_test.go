package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheLogNamesTheUserOfAFailedLogin(t *testing.T) {
	port, file := runLoggingCaddy(t, fmt.Sprintf(`
		mlflow_login {
			%s
			failures_per_user 1
		}
		respond ok`, writeUsers(t, ada)))
	verified = newVerifiedPasswords()
	var got []string
	for i, header := range []string{
		basicHeader("ada", "wrong"), basicHeader("ada", "wrong again"), basicHeader("a password typed as a name", ""), "Basic !",
	} {
		exchange(t, "127.0.0.1:"+port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: "+header+"\r\n\r\n")
		// A line is written after its answer, so the next one's could come before it.
		got = eventuallyLines(t, file, i+1)
	}
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

// eventuallyLines waits until a file has so many lines. A line that is still being written is none.
func eventuallyLines(t *testing.T, file string, count int) (lines []string) {
	t.Helper()
	for t.Context().Err() == nil {
		text, _ := os.ReadFile(file)
		lines = strings.Split(string(text), "\n")
		if lines = lines[:len(lines)-1]; len(lines) >= count {
			return lines
		}
	}
	return lines
}
