package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	askTimeout = 5 * time.Second
	// How long a token that was accepted is not counted, and how many such tokens are known.
	acceptedFor      = 5 * time.Minute
	acceptedCapacity = 10_000
	// A longer address is not come back to after the login.
	maxReturnAddress = 4096
)

// OAuth2 asks oauth2-proxy who has a session or a token. Everybody it lets in may read; groups, e-mail addresses and
// subjects say who may do more.
type OAuth2 struct {
	// Host and port of oauth2-proxy.
	Proxy       string   `json:"proxy"`
	WriteGroups []string `json:"write_groups,omitempty"`
	AdminGroups []string `json:"admin_groups,omitempty"`
	WriteEmails []string `json:"write_emails,omitempty"`
	AdminEmails []string `json:"admin_emails,omitempty"`
	// Subjects of tokens without an e-mail address.
	WriteMachines []string `json:"write_machines,omitempty"`
	AdminMachines []string `json:"admin_machines,omitempty"`

	client   *http.Client
	accepted *recentTokens
}

func (o *OAuth2) provision() {
	o.client = &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: askTimeout}).DialContext,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	o.accepted = &recentTokens{until: make(map[[32]byte]time.Time)}
	for _, list := range []*[]string{&o.WriteEmails, &o.AdminEmails} {
		*list = slices.Clone(*list)
		for i, email := range *list {
			(*list)[i] = lowerASCII(email)
		}
	}
}

func (o *OAuth2) validate() error {
	if _, _, err := net.SplitHostPort(o.Proxy); err != nil {
		return fmt.Errorf("mlflow_login: oauth2: %q is no host and port: %w", o.Proxy, err)
	}
	for _, group := range slices.Concat(o.WriteGroups, o.AdminGroups) {
		// oauth2-proxy takes a list with commas.
		if group == "" || strings.Contains(group, ",") || strings.ContainsFunc(group, unicode.IsControl) {
			return fmt.Errorf("mlflow_login: oauth2: the group %q has a comma or a control character, or is empty", group)
		}
	}
	for _, email := range slices.Concat(o.WriteEmails, o.AdminEmails) {
		if !isEmail(email) {
			return fmt.Errorf("mlflow_login: oauth2: %q is no e-mail address", email)
		}
	}
	return nil
}

func (o *OAuth2) close() { o.client.CloseIdleConnections() }

// proof is what a caller shows: a session's cookie, or a token and no cookie.
type proof struct {
	header, value, host string
}

type answer struct {
	status      int
	user, email string
	cookies     []string
}

// ask asks oauth2-proxy who this is and, with groups, whether in one of them. It sends nothing else of the request.
func (o *OAuth2) ask(ctx context.Context, shown proof, groups []string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	address := url.URL{Scheme: "http", Host: o.Proxy, Path: "/oauth2/auth"}
	if len(groups) > 0 {
		address.RawQuery = url.Values{"allowed_groups": {strings.Join(groups, ",")}}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return answer{}, err
	}
	request.Host = shown.host
	request.Header.Set("User-Agent", "")
	request.Header.Set(shown.header, shown.value)
	response, err := o.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	// read to the end, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	given := answer{
		status:  response.StatusCode,
		user:    response.Header.Get("X-Auth-Request-User"),
		email:   response.Header.Get("X-Auth-Request-Email"),
		cookies: response.Header.Values("Set-Cookie"),
	}
	// oauth2-proxy does not ask for the domain of who has no e-mail address.
	if given.status == http.StatusAccepted && given.email == "" {
		given.status = http.StatusForbidden
	}
	return given, nil
}

// session lets in who has a session.
func (l *Login) session(w http.ResponseWriter, r *http.Request) (Identity, error) {
	if !hasOwnCookie(r.Header, l.Cookies) {
		return nil, l.startOrChallenge(w, r)
	}
	shown := proof{"Cookie", strings.Join(r.Header.Values("Cookie"), "; "), r.Host}
	given, err := l.OAuth2.ask(r.Context(), shown, nil)
	if err != nil {
		return nil, badGateway(r, err)
	}
	for _, cookie := range given.cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	switch given.status {
	case http.StatusAccepted:
		return l.OAuth2.identity(given, shown), nil
	case http.StatusUnauthorized:
		return nil, l.startOrChallenge(w, r)
	case http.StatusForbidden:
		return nil, refuseStranger(r)
	default:
		return nil, badGateway(r, fmt.Errorf("oauth2-proxy answered %d", given.status))
	}
}

// bearer lets in who has a token. A token that is refused counts as a failed login of its address, because each may cost
// a question to the issuer; one that was accepted lately does not.
func (l *Login) bearer(w http.ResponseWriter, r *http.Request, header string) (Identity, error) {
	if !hasScheme(header, "bearer") {
		return nil, l.challenge(w, r)
	}
	shown := proof{"Authorization", header, r.Host}
	digest := process.digest(header)

	var given answer
	asked := false
	if !l.OAuth2.accepted.has(digest) {
		decision, err := l.attempt(w, r, "", digest, func() (bool, error) {
			var err error
			given, err = l.OAuth2.ask(r.Context(), shown, nil)
			asked = err == nil
			if err != nil || (given.status != 202 && given.status != 401 && given.status != 403) {
				return false, badGateway(r, err)
			}
			return given.status == http.StatusAccepted, nil
		})
		if err != nil {
			return nil, err
		}
		if decision == accepted {
			l.OAuth2.accepted.add(digest)
		}
		if decision == rejected && !asked {
			return nil, l.challenge(w, r)
		}
	}
	if !asked {
		var err error
		if given, err = l.OAuth2.ask(r.Context(), shown, nil); err != nil {
			return nil, badGateway(r, err)
		}
	}
	switch given.status {
	case http.StatusAccepted:
		return l.OAuth2.identity(given, shown), nil
	case http.StatusUnauthorized:
		return nil, l.challenge(w, r)
	case http.StatusForbidden:
		return nil, refuseStranger(r)
	default:
		return nil, badGateway(r, fmt.Errorf("oauth2-proxy answered %d", given.status))
	}
}

// startOrChallenge sends a page to the login and answers everything else 401.
func (l *Login) startOrChallenge(w http.ResponseWriter, r *http.Request) error {
	if !isPage(r) {
		return l.challenge(w, r)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "/oauth2/start?rd="+url.QueryEscape(returnAddress(r)))
	w.WriteHeader(http.StatusFound)
	return errAnswered
}

// errAnswered says that the answer has been written.
var errAnswered = errors.New("answered")

func isPage(r *http.Request) bool {
	mode, destination := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return r.Method == http.MethodGet &&
		len(r.Header.Values("Authorization")) == 0 &&
		strings.Contains(r.Header.Get("Accept"), "text/html") &&
		(mode == "" || mode == "navigate") &&
		(destination == "" || destination == "document")
}

// returnAddress is the address that was asked for, without its origin.
func returnAddress(r *http.Request) string {
	asked := r.URL
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		asked = original.URL
	}
	address := asked.RequestURI()
	if len(address) > maxReturnAddress || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.HasPrefix(address, `/\`) {
		return "/"
	}
	return address
}

func refuseStranger(r *http.Request) error {
	return refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "You are logged in, but are in no group or domain that may enter.")
}

func badGateway(r *http.Request, err error) error {
	_ = refuse(r, http.StatusBadGateway, "TEMPORARILY_UNAVAILABLE", "Logins cannot be checked at the moment. Try again.")
	return caddyhttp.Error(http.StatusBadGateway, fmt.Errorf("asking oauth2-proxy: %w", err))
}

// visitor is who has a session or a token.
type visitor struct {
	oauth2 *OAuth2
	name   string
	proof  proof
	role   Role
}

func (o *OAuth2) identity(given answer, shown proof) *visitor {
	v := &visitor{oauth2: o, name: orDefault(given.email, given.user), proof: shown, role: RoleRead}
	// Of a token without an e-mail address, oauth2-proxy takes the subject for one, and a subject can be anything.
	name, admins, writers := lowerASCII(given.email), o.AdminEmails, o.WriteEmails
	if name == lowerASCII(given.user) {
		name, admins, writers = given.user, o.AdminMachines, o.WriteMachines
	}
	switch {
	case slices.Contains(admins, name):
		v.role = RoleAdmin
	case slices.Contains(writers, name):
		v.role = RoleWrite
	}
	return v
}

func (v *visitor) Name() string { return v.name }

// Workspace is nothing: an issuer's claims say nothing about workspaces.
func (v *visitor) Workspace() string { return "" }

// Has asks whether the visitor is in a group with this role, if nothing else says so.
func (v *visitor) Has(ctx context.Context, role Role) (bool, error) {
	if v.role >= role {
		return true, nil
	}
	groups := v.oauth2.AdminGroups
	if role == RoleWrite {
		groups = slices.Concat(v.oauth2.WriteGroups, v.oauth2.AdminGroups)
	}
	if len(groups) == 0 {
		return false, nil
	}
	given, err := v.oauth2.ask(ctx, v.proof, groups)
	if err != nil {
		return false, err
	}
	switch given.status {
	case http.StatusAccepted:
		v.role = role
		return true, nil
	case http.StatusForbidden, http.StatusUnauthorized:
		return false, nil
	default:
		return false, fmt.Errorf("oauth2-proxy answered %d", given.status)
	}
}

func isEmail(text string) bool {
	at := strings.LastIndex(text, "@")
	return at > 0 && at < len(text)-1
}

// lowerASCII leaves other letters alone: some of them have an ASCII letter as their lower case.
func lowerASCII(text string) string {
	return strings.Map(func(letter rune) rune {
		if 'A' <= letter && letter <= 'Z' {
			return letter + 'a' - 'A'
		}
		return letter
	}, text)
}

// recentTokens are digests of tokens that were accepted lately.
type recentTokens struct {
	mutex sync.Mutex
	until map[[32]byte]time.Time
}

func (t *recentTokens) has(token [32]byte) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return time.Now().Before(t.until[token])
}

func (t *recentTokens) add(token [32]byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.until) >= acceptedCapacity {
		maps.DeleteFunc(t.until, func(_ [32]byte, until time.Time) bool { return time.Now().After(until) })
	}
	// only what was accepted comes here, so that nobody fills it on purpose without as many tokens.
	if len(t.until) >= acceptedCapacity {
		clear(t.until)
	}
	t.until[token] = time.Now().Add(acceptedFor)
}
