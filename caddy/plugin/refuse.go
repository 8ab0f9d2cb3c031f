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

// Names of Caddy variables that are set for the Caddyfile.
const (
	// MLflow's error code of a refused request.
	errorVar = "mlflow.error"
	// Why a request is refused, as the inside of a JSON string.
	messageVar = "mlflow.message"
	// Pattern of the matched route.
	routeVar = "mlflow.route"
	// Class of the route's body: small, traces or artifact.
	bodyVar = "mlflow.body"
	// Role of the caller, once a route had to know it.
	roleVar = "mlflow.role"
)

// setVar sets a variable, for the matcher vars and as {vars.name}: Caddy's own shorthand of that form knows no dots.
func setVar(r *http.Request, name, value string) {
	caddyhttp.SetVar(r.Context(), name, value)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("vars."+name, value)
	}
}

// refuse makes the error that the Caddyfile's handle_errors answers.
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

// refuseForNow answers 429; wait is how long the caller should stay away.
func refuseForNow(w http.ResponseWriter, r *http.Request, wait time.Duration, message string) error {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	return refuse(r, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", message)
}
