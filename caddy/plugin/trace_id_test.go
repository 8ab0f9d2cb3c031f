package gateway

import (
	"net/http"
	"testing"
)

func TestTheIDOfATraceLeadsNowhereElse(t *testing.T) {
	admin := accessAs(t, RoleAdmin)
	start := func(id string) *http.Request {
		return request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": {"trace_info": {"trace_id": "`+id+`"}}}`)
	}
	for name, r := range map[string]*http.Request{
		"dots in a path":         get("/api/3.0/mlflow/traces/tr-..1"),
		"dots in a page's path":  get("/ajax-api/3.0/mlflow/traces/..tr"),
		"a dot first":            get("/api/3.0/mlflow/traces/.tr"),
		"a blank":                get("/api/3.0/mlflow/traces/tr%201"),
		"another letter":         get("/api/3.0/mlflow/traces/tr%C3%A9"),
		"dots before the tags":   request(http.MethodPatch, "/api/3.0/mlflow/traces/a..b/tags", `{"key": "a", "value": "b"}`),
		"dots in version 2":      request(http.MethodPatch, "/api/2.0/mlflow/traces/a..b", `{"status": "OK"}`),
		"dots in a query":        get("/version?request_id=../a"),
		"an escaped name":        get("/version?trace%5Fid=..%2Fa"),
		"the second of a query":  get("/version?trace_id=tr-1&trace_id=.."),
		"a start":                start("../../2/a"),
		"a start with a slash":   start("a/b"),
		"a start by other names": request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": {"traceInfo": {"traceId": ".."}}}`),
		"a start with two names": request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": {"trace_info": {"trace_id": "a"}, "traceInfo": {"traceId": ".."}}}`),
		"a start by a page":      request(http.MethodPost, "/ajax-api/3.0/mlflow/traces", `{"trace": {"trace_info": {"trace_id": "\u002e."}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			expectStatus(t, send(r, admin), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
		})
	}
	for name, r := range map[string]*http.Request{
		"MLflow's own":      get("/api/3.0/mlflow/traces/tr-0123456789abcdef0123456789abcdef"),
		"of version 2":      get("/api/3.0/mlflow/traces/0123456789abcdef0123456789abcdef"),
		"a client's own":    get("/api/3.0/mlflow/traces/my_trace:2026-11-30.1"),
		"in a query":        get("/version?request_id=tr-1&trace_id=tr-1"),
		"an empty one":      get("/version?request_id="),
		"another parameter": get("/version?run_id=.."),
		"a start":           start("tr-1"),
		"a start without":   request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": {"trace_info": {"request_preview": ".."}}}`),
		"a start with tags": request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": {"trace_info": {"trace_id": "tr-1", "trace_metadata": {"trace_id": "a/../b"}}}}`),
		"a start of null":   request(http.MethodPost, "/api/3.0/mlflow/traces", `{"trace": null}`),
	} {
		t.Run(name, func(t *testing.T) {
			expectStatus(t, send(r, admin), http.StatusNoContent, "")
		})
	}
}
