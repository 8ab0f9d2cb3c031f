package gateway

import (
	"encoding/json"
	"net/http"
	"testing"
)

const createExperiment = "/api/2.0/mlflow/experiments/create"

func TestAnExperimentElsewhereIsForAdmins(t *testing.T) {
	for body, need := range map[string]Role{
		`{"name":"a"}`:                                                       RoleWrite,
		`{"name":"a","artifact_location":""}`:                                RoleWrite,
		`{"name":"a","artifact_location":null}`:                              RoleWrite,
		`{"name":"a","artifact_location":"mlflow-artifacts:/team/a"}`:        RoleWrite,
		`{"name":"a","artifactLocation":"mlflow-artifacts:/team/a"}`:         RoleWrite,
		`{"name":"a","artifact_location":"file:///tmp"}`:                     RoleAdmin,
		`{"name":"a","artifact_location":"/tmp"}`:                            RoleAdmin,
		`{"name":"a","artifact_location":"s3://other/bucket"}`:               RoleAdmin,
		`{"name":"a","artifactLocation":"file:///tmp"}`:                      RoleAdmin,
		`{"name":"a","artifact\u005flocation":"file:///tmp"}`:                RoleAdmin,
		`{"name":"a","artifact_location":"mlflow-artifacts://host/team"}`:    RoleAdmin,
		`{"name":"a","artifact_location":"mlflow-artifacts:/../team"}`:       RoleAdmin,
		`{"name":"a","artifact_location":"mlflow-artifacts:/a/%2e%2e/team"}`: RoleAdmin,
		`{"name":"a","artifact_location":"mlflow-artifacts:/a\\..\\team"}`:   RoleAdmin,
		`{"name":"a","artifact_location":"MLFLOW-artifacts:/team"}`:          RoleAdmin,
		`{"name":"a","artifact_location":" mlflow-artifacts:/team"}`:         RoleAdmin,
		`{"name":"a","artifact_location":"mlflow-artifacts:/team?a=b"}`:      RoleAdmin,
		`"{\"name\":\"a\"}"`: RoleWrite,
		`"{\"name\":\"a\",\"artifact_location\":\"file:///tmp\"}"`: RoleAdmin,
	} {
		t.Run(body, func(t *testing.T) {
			for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
				got := send(request(http.MethodPost, createExperiment, body), accessAs(t, role), with("Content-Type", "text/plain"))
				if role < need {
					expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
					continue
				}
				expectStatus(t, got, http.StatusNoContent, "")
				var arrived map[string]any
				if err := json.Unmarshal([]byte(got.passedBody), &arrived); err != nil || arrived["name"] != "a" {
					t.Errorf("%s arrived", got.passedBody)
				}
				if got.passed.Header.Get("Content-Type") != "application/json" {
					t.Error("arrived as another type")
				}
			}
		})
	}
}

func TestAnExperimentThatCannotBeJudgedIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":               "name=a",
		"a list":                `[{"name":"a"}]`,
		"two of a key":          `{"name":"a","artifact_location":"","artifact_location":"file:///tmp"}`,
		"two spellings":         `{"name":"a","artifact_location":"","artifactLocation":"file:///tmp"}`,
		"a location in a list":  `{"name":"a","artifact_location":["file:///tmp"]}`,
		"a key of an extension": `{"name":"a","[mlflow.artifact_location]":"file:///tmp"}`,
		"a key with a NUL":      `{"name":"a","artifact_location\u0000":"file:///tmp"}`,
		"a key with a blank":    `{"name":"a","artifact_location ":"file:///tmp"}`,
		"a key beyond ASCII":    `{"name":"a","artifact_locatıon":"file:///tmp"}`,
		"an empty key":          `{"name":"a","":"file:///tmp"}`,
		"a NUL in a tag's key":  `{"name":"a","tags":[{"key\u0000":"a","value":"b"}]}`,
		"a text of a text":      `"\"{\\\"name\\\":\\\"a\\\"}\""`,
		"not a number":          `{"name":"a","tags":NaN}`,
	} {
		t.Run(name, func(t *testing.T) {
			expectStatus(t, send(request(http.MethodPost, createExperiment, body), accessAs(t, RoleAdmin)), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
		})
	}
}

func TestABodyIsNotReadOfACallerWhoMayNotWrite(t *testing.T) {
	expectStatus(t, send(request(http.MethodPost, createExperiment, "{"), accessAs(t, RoleRead)), http.StatusForbidden, "PERMISSION_DENIED")
	expectStatus(t, send(request(http.MethodPost, createExperiment, "{"), accessAs(t, RoleWrite)), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
}
