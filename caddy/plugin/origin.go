package gateway

import (
	"net/http"
	"net/url"
	"strings"
)

// isForeign tells whether a page of another origin sends a request. Browsers add a remembered password or a session to such
// requests, and send simple ones without asking first. Programs send neither header. A page may lead to one of MLflow's, and
// show it in a frame: the answer says where that works.
func (l *Login) isForeign(r *http.Request) bool {
	switch r.Method {
	case http.MethodOptions:
		return false
	case http.MethodGet, http.MethodHead:
		if r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Upgrade") == "" {
			return false
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return true
		}
	}
	for _, origin := range r.Header.Values("Origin") {
		if !l.isOwnOrigin(origin, r) {
			return true
		}
	}
	return false
}

// isOwnOrigin compares an origin with the url of the deployment, and with the address that the request was sent to.
func (l *Login) isOwnOrigin(origin string, r *http.Request) bool {
	if l.Origin != "" && origin == l.Origin {
		return true
	}
	parsed, err := url.Parse(origin)
	if err != nil || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host {
		return false
	}
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[parsed.Scheme]
	if defaultPort == "" || parsed.Scheme == "http" && r.TLS != nil {
		return false
	}
	return strings.EqualFold(strings.TrimSuffix(parsed.Host, defaultPort), strings.TrimSuffix(r.Host, defaultPort))
}

func refuseForeign(r *http.Request) error {
	return refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "A page of another origin must not send this request.")
}
