package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Variables that the handlers set for the Caddyfile.
const (
	// MLflow's error code of a refused request.
	errorVar = "mlflow.error"
	// The reason of a refusal, escaped for a JSON string.
	messageVar = "mlflow.message"
	// Class of the route's body: small, traces, records or artifact.
	bodyVar = "mlflow.body"
)

// setVar sets a variable for the matcher vars and for {vars.name}. Caddy's own {vars.*} does not find names with dots.
func setVar(r *http.Request, name, value string) {
	caddyhttp.SetVar(r.Context(), name, value)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("vars."+name, value)
	}
}

// refuse returns an error that the Caddyfile's handle_errors answers.
func refuse(r *http.Request, status int, code, message string) error {
	if len(message) > 0 {
		quoted, err := json.Marshal(message)
		if err != nil {
			return caddyhttp.Error(http.StatusInternalServerError, err)
		}
		message = string(quoted[1 : len(quoted)-1])
	}
	setVar(r, errorVar, code)
	setVar(r, messageVar, message)
	return caddyhttp.Error(status, errors.New(code))
}

// refuseForNow answers 429 and tells the caller to wait for this long.
func refuseForNow(w http.ResponseWriter, r *http.Request, wait time.Duration, message string) error {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	return refuse(r, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", message)
}
