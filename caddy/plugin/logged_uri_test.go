package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// loggedBy sends raw requests to a Caddy whose log has the deployed format, and returns the log's lines.
func loggedBy(t *testing.T, requests ...string) []string {
	t.Helper()
	t.Setenv("ACCESS_LOG_IPV4_BITS", "32")
	t.Setenv("ACCESS_LOG_IPV6_BITS", "128")
	// Breaks off, which Caddy reports with the whole request, outside of the access log.
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9")
		_, _ = w.Write([]byte("cut"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(cut.Close)
	file := t.TempDir() + "/all.log"
	port := runCaddy(t, strings.Replace(snippet(t, "safe_log_format"), "%", "%%", -1)+fmt.Sprintf(`
{
	admin off
	persist_config off
	auto_https off
	log default {
		output file %[1]s
		import safe_log_format
	}
}
http://:%%s {
	log {
		output file %[1]s
		import safe_log_format
	}
	route {
		reverse_proxy /cut %[2]s
		respond ok
	}
}`, file, strings.TrimPrefix(cut.URL, "http://")))
	for _, request := range requests {
		exchange(t, "127.0.0.1:"+port, request+"Connection: close\r\n\r\n")
	}
	exchange(t, "127.0.0.1:"+port, "GET /the-last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	for t.Context().Err() == nil {
		lines := eventuallyLines(t, file, 1)
		if strings.Contains(strings.Join(lines, "\n"), "/the-last") {
			return lines
		}
	}
	return nil
}

func TestTheLogShowsNoCredentialOfAnAddress(t *testing.T) {
	const host = "Host: mlflow.example.com\r\n"
	var requests []string
	for _, target := range []string{
		"/s3/mlflow/a?X-Amz-Signature=s3cr3t",
		"/s3/mlflow/a?x-amz-signature=s3cr3t",
		"/s3/mlflow/a?X%2DAmz%2DSignature=s3cr3t",
		"/s3/mlflow/a%3FX-Amz-Signature=s3cr3t",
		"/s3/mlflow/a;X-Amz-Signature=s3cr3t?run_id=1",
		"/s3/mlflow/a?run_id=1;X-Amz-Signature=s3cr3t",
		"/s3/mlflow/a?run_id=1%3BX-Amz-Signature=s3cr3t",
		"/s3/mlflow/a?run_id=1%26X-Amz-Signature%3Ds3cr3t",
		"/s3/mlflow/a?X-Amz-Credential=s3cr3t&X-Amz-Security-Token=s3cr3t",
		"/s3/mlflow/a?AWSAccessKeyId=a&Signature=s3cr3t",
		"/a?ACCESS_TOKEN=s3cr3t&token=s3cr3t&password=s3cr3t",
		"/a?s3cr3t",
		"/a?=s3cr3t",
		"/a?s3cr3t=1",
		"/oauth2/callback?Code=s3cr3t&STATE=s3cr3t",
		"/oauth2/callback#access_token=s3cr3t",
		"/cut?x-amz-signature=s3cr3t",
		"http://ada:s3cr3t@mlflow.example.com/",
		"http://ada:s3cr3t@mlflow.example.com/cut",
		"http://ada:s3cr3t@mlflow.example.com?run_id=1",
		"http://s3cr3t@mlflow.example.com/a",
		"//ada:s3cr3t@mlflow.example.com/a",
		"/http://ada:s3cr3t@mlflow.example.com/a",
	} {
		requests = append(requests, "GET "+target+" HTTP/1.1\r\n"+host)
	}
	requests = append(requests,
		"GET /a HTTP/1.1\r\nHost: ada:s3cr3t@mlflow.example.com\r\n",
		"CONNECT ada:s3cr3t@mlflow.example.com:443 HTTP/1.1\r\n"+host,
	)
	text := strings.Join(loggedBy(t, requests...), "\n")
	if strings.Contains(text, "s3cr3t") {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.Contains(line, "s3cr3t") {
				t.Errorf("the log has %s", line)
			}
		}
	}
	if count := strings.Count(text, "aborting with incomplete response"); count != 2 {
		t.Errorf("%d answers are reported that broke off", count)
	}
}

func TestTheLogShowsWhatARequestIsAbout(t *testing.T) {
	targets := map[string]string{
		"/":  "/",
		"/a": "/a",
		"/api/2.0/mlflow/runs/get?run_id=0a1b&token=x":                           "/api/2.0/mlflow/runs/get?run_id=0a1b",
		"/get-artifact?path=a%2Fb.txt&run_uuid=0a1b":                             "/get-artifact?path=a%2Fb.txt&run_uuid=0a1b",
		"/s3/m/a?X-Amz-Date=20261124T022132Z&X-Amz-Signature=0&X-Amz-Expires=30": "/s3/m/a?X-Amz-Date=20261124T022132Z&X-Amz-Expires=30",
		"http://mlflow.example.com/a?run_id=1":                                   "/a?run_id=1",
		"/a@b":                                                                   "/a@b",
	}
	var requests []string
	for target := range targets {
		requests = append(requests, "GET "+target+" HTTP/1.1\r\nHost: mlflow.example.com\r\n")
	}
	logged := map[string]bool{}
	for _, line := range loggedBy(t, requests...) {
		var entry struct{ Request struct{ Host, URI string } }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		logged[entry.Request.Host+" "+entry.Request.URI] = true
	}
	for target, want := range targets {
		if !logged["mlflow.example.com "+want] {
			t.Errorf("%s is not logged as %s, the log has %v", target, want, logged)
		}
	}
}
