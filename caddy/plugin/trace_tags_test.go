package gateway

import (
	"net/http"
	"testing"
)

func TestMovingTheFilesOfATraceIsForAdmins(t *testing.T) {
	const tags = "/ajax-api/3.0/mlflow/traces/tr-1/tags"
	for _, c := range []struct {
		method, address, body string
		need                  Role
	}{
		{http.MethodPatch, tags, `{"key":"team","value":"a"}`, RoleWrite},
		{http.MethodPatch, tags, `{"key":"mlflow.artifactLocation","value":"mlflow-artifacts:/1"}`, RoleAdmin},
		{http.MethodPatch, tags, `{"key":"mlflow.artifact\u004cocation","value":"s3://other"}`, RoleAdmin},
		{http.MethodPatch, tags, `"{\"key\":\"mlflow.artifactLocation\",\"value\":\"s3://other\"}"`, RoleAdmin},
		{http.MethodPatch, "/api/2.0/mlflow/traces/tr-1", `{"tags":[{"key":"mlflow.artifactLocation","value":"s3://other"}]}`, RoleAdmin},
		{http.MethodPatch, "/api/2.0/mlflow/traces/tr-1", `{"status":"OK","tags":[{"key":"team","value":"a"}]}`, RoleWrite},
		{http.MethodPatch, tags, "", RoleWrite},
		{http.MethodDelete, tags + "?key=team", "", RoleWrite},
		{http.MethodDelete, tags + "?key=mlflow.artifact%4Cocation", "", RoleAdmin},
	} {
		t.Run(c.method+" "+c.address+" "+c.body, func(t *testing.T) {
			for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
				got := send(request(c.method, c.address, c.body), accessAs(t, role))
				if role < c.need {
					expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
				} else {
					expectStatus(t, got, http.StatusNoContent, "")
				}
			}
		})
	}
}
