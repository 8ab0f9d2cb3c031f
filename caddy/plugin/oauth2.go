package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	oauth2ProxyTimeout = 5 * time.Second
	// How long an accepted token is exempt from the failure limits, and how many such tokens are remembered.
	acceptedFor      = 5 * time.Minute
	acceptedCapacity = 10_000
	// After the login a browser returns to the address it came from, unless that is longer.
	maxReturnAddress = 4096
)

// OAuth2 lets oauth2-proxy check sessions and tokens. Everybody whom it accepts has the role read. Groups, e-mail addresses
// and subjects of tokens give the higher roles.
type OAuth2 struct {
	// Host and port of oauth2-proxy.
	Proxy       string   `json:"proxy"`
	WriteGroups []string `json:"write_groups,omitempty"`
	AdminGroups []string `json:"admin_groups,omitempty"`
	WriteEmails []string `json:"write_emails,omitempty"`
	AdminEmails []string `json:"admin_emails,omitempty"`
	// Subjects of tokens without an e-mail address. No other such token enters.
	ReadMachines  []string `json:"read_machines,omitempty"`
	WriteMachines []string `json:"write_machines,omitempty"`
	AdminMachines []string `json:"admin_machines,omitempty"`

	client *http.Client
	// When an accepted token is to be counted again, by the token's digest.
	accepted *lru.Cache[[32]byte, time.Time]
}

func (o *OAuth2) provision() error {
	o.client = &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: oauth2ProxyTimeout}).DialContext,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, list := range []*[]string{&o.WriteEmails, &o.AdminEmails} {
		*list = slices.Clone(*list)
		for i, email := range *list {
			(*list)[i] = lowerASCII(email)
		}
	}
	// Not expirable.LRU of the same module: its goroutine never ends, and each reload of the configuration would leave one.
	accepted, err := lru.New[[32]byte, time.Time](acceptedCapacity)
	o.accepted = accepted
	return err
}

func (o *OAuth2) validate() error {
	if _, _, err := net.SplitHostPort(o.Proxy); err != nil {
		return fmt.Errorf("mlflow_login: oauth2: %q is not a host and port: %w", o.Proxy, err)
	}
	for _, group := range slices.Concat(o.WriteGroups, o.AdminGroups) {
		// oauth2-proxy gets the groups as a list that is separated by commas.
		if group == "" || strings.Contains(group, ",") || strings.ContainsFunc(group, unicode.IsControl) {
			return fmt.Errorf("mlflow_login: oauth2: the group %q has a comma or a control character, or is empty", group)
		}
	}
	for _, email := range slices.Concat(o.WriteEmails, o.AdminEmails) {
		if !isEmail(email) {
			return fmt.Errorf("mlflow_login: oauth2: %q is not an e-mail address", email)
		}
	}
	return nil
}

func (o *OAuth2) close() { o.client.CloseIdleConnections() }

// oauthCredential is the header of a request that oauth2-proxy checks: the cookies of a session, or a token.
type oauthCredential struct {
	header, value, host string
}

type oauthAnswer struct {
	status      int
	user, email string
	cookies     []string
}

// check asks oauth2-proxy whose credential this is and, if groups are given, whether the caller is in one of them. It sends
// nothing else of the request.
func (o *OAuth2) check(ctx context.Context, credential oauthCredential, groups []string) (oauthAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, oauth2ProxyTimeout)
	defer cancel()
	address := url.URL{Scheme: "http", Host: o.Proxy, Path: "/oauth2/auth"}
	if len(groups) > 0 {
		address.RawQuery = url.Values{"allowed_groups": {strings.Join(groups, ",")}}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return oauthAnswer{}, err
	}
	request.Host = credential.host
	request.Header.Set("User-Agent", "")
	request.Header.Set(credential.header, credential.value)
	response, err := o.client.Do(request)
	if err != nil {
		return oauthAnswer{}, err
	}
	defer response.Body.Close()
	// The body is read to its end, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	given := oauthAnswer{
		status:  response.StatusCode,
		user:    response.Header.Get("X-Auth-Request-User"),
		email:   response.Header.Get("X-Auth-Request-Email"),
		cookies: response.Header.Values("Set-Cookie"),
	}
	// oauth2-proxy does not check the e-mail domain of a caller without an e-mail address. For a token without one it says the
	// subject in its place, which can be any text. It compares that in lower case, and by its domain if it looks like an address.
	isSubject := credential.header == "Authorization" && given.email == given.user
	if given.status == http.StatusAccepted && (given.email == "" || isSubject && !o.isNamed(given.user)) {
		given.status = http.StatusForbidden
	}
	return given, nil
}

func (o *OAuth2) isNamed(subject string) bool {
	return slices.Contains(o.ReadMachines, subject) || slices.Contains(o.WriteMachines, subject) || slices.Contains(o.AdminMachines, subject)
}

// session lets a caller in who has a session.
func (l *Login) session(w http.ResponseWriter, r *http.Request) (Identity, error) {
	if !hasOwnCookie(r.Header, l.Cookies) {
		return nil, l.startOrChallenge(w, r)
	}
	credential := oauthCredential{"Cookie", strings.Join(r.Header.Values("Cookie"), "; "), r.Host}
	given, err := l.OAuth2.check(r.Context(), credential, nil)
	if err != nil {
		return nil, badGateway(r, err)
	}
	for _, cookie := range given.cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	switch given.status {
	case http.StatusAccepted:
		return l.OAuth2.identity(given, credential), nil
	case http.StatusUnauthorized:
		return nil, l.startOrChallenge(w, r)
	case http.StatusForbidden:
		return nil, refuseNotAllowed(r)
	default:
		return nil, badGateway(r, fmt.Errorf("oauth2-proxy answered %d", given.status))
	}
}

// bearer lets a caller in who has a token. A refused token counts as a failed login of its address, because each may cost a
// request to the issuer. A token that was accepted a short time ago is not counted, even when it is refused now.
func (l *Login) bearer(w http.ResponseWriter, r *http.Request, header string) (Identity, error) {
	if !hasScheme(header, "bearer") {
		return nil, l.challenge(w, r)
	}
	token := header[len("Bearer"):]
	if !wholeToken.MatchString(token) {
		return nil, l.refuseToken(w, r)
	}
	header = "Bearer" + token
	credential := oauthCredential{"Authorization", header, r.Host}
	digest := processDigester.digest(header)

	var given oauthAnswer
	checked := false
	if until, _ := l.OAuth2.accepted.Get(digest); !time.Now().Before(until) {
		accepted, err := l.attempt(w, r, credentials{queue: l.tokens, digest: digest, check: func() (bool, error) {
			var err error
			given, err = l.OAuth2.check(r.Context(), credential, nil)
			checked = err == nil
			if err != nil || (given.status != 202 && given.status != 401 && given.status != 403) {
				return false, badGateway(r, err)
			}
			return given.status == http.StatusAccepted, nil
		}})
		if err != nil {
			return nil, err
		}
		if accepted {
			l.OAuth2.accepted.Add(digest, time.Now().Add(acceptedFor))
		}
		if !accepted && !checked {
			return nil, l.challenge(w, r)
		}
	}
	if !checked {
		var err error
		if given, err = l.OAuth2.check(r.Context(), credential, nil); err != nil {
			return nil, badGateway(r, err)
		}
	}
	switch given.status {
	case http.StatusAccepted:
		return l.OAuth2.identity(given, credential), nil
	case http.StatusUnauthorized:
		return nil, l.challenge(w, r)
	case http.StatusForbidden:
		return nil, refuseNotAllowed(r)
	default:
		return nil, badGateway(r, fmt.Errorf("oauth2-proxy answered %d", given.status))
	}
}

// wholeToken is a blank and a signed token of RFC 7519. oauth2-proxy writes every other header into its log, also one that has
// a token and something else.
var wholeToken = regexp.MustCompile(`^ [\w-]+\.[\w-]+\.[\w-]+$`)

// refuseToken answers to what is no token, and counts it as a failed login of its address.
func (l *Login) refuseToken(w http.ResponseWriter, r *http.Request) error {
	key := failureKey{client: clientOf(r)}
	if wait := l.perAddress.wait(key); wait > 0 {
		return refuseAfterFailures(w, r, wait)
	}
	l.countFailure(key)
	return l.challenge(w, r)
}

// startOrChallenge redirects a page to the login and answers everything else 401.
func (l *Login) startOrChallenge(w http.ResponseWriter, r *http.Request) error {
	if !isPage(r) {
		return l.challenge(w, r)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "/oauth2/start?rd="+url.QueryEscape(returnAddress(r)))
	w.WriteHeader(http.StatusFound)
	return errAnswered
}

// errAnswered means that the answer has been written.
var errAnswered = errors.New("answered")

func isPage(r *http.Request) bool {
	mode, destination := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return r.Method == http.MethodGet &&
		len(r.Header.Values("Authorization")) == 0 &&
		strings.Contains(r.Header.Get("Accept"), "text/html") &&
		(mode == "" || mode == "navigate") &&
		(destination == "" || destination == "document")
}

// returnAddress is the requested address without its origin.
func returnAddress(r *http.Request) string {
	requested := r.URL
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		requested = original.URL
	}
	address := requested.RequestURI()
	if len(address) > maxReturnAddress || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.HasPrefix(address, `/\`) {
		return "/"
	}
	return address
}

func refuseNotAllowed(r *http.Request) error {
	return refuse(r, http.StatusForbidden, "PERMISSION_DENIED", "You are logged in, but none of your groups or e-mail domains is allowed here.")
}

func badGateway(r *http.Request, err error) error {
	_ = refuse(r, http.StatusBadGateway, "TEMPORARILY_UNAVAILABLE", "Logins cannot be checked at the moment. Try again.")
	return caddyhttp.Error(http.StatusBadGateway, fmt.Errorf("asking oauth2-proxy: %w", err))
}

// oauthIdentity is a caller with a session or a token.
type oauthIdentity struct {
	oauth2     *OAuth2
	name       string
	credential oauthCredential
	role       Role
}

func (o *OAuth2) identity(given oauthAnswer, credential oauthCredential) *oauthIdentity {
	i := &oauthIdentity{oauth2: o, name: orDefault(given.email, given.user), credential: credential, role: RoleRead}
	// For a token without an e-mail address oauth2-proxy says the subject in its place. A subject can be any text, also
	// another person's e-mail address.
	name, admins, writers := lowerASCII(given.email), o.AdminEmails, o.WriteEmails
	if name == lowerASCII(given.user) {
		name, admins, writers = given.user, o.AdminMachines, o.WriteMachines
	}
	switch {
	case slices.Contains(admins, name):
		i.role = RoleAdmin
	case slices.Contains(writers, name):
		i.role = RoleWrite
	}
	return i
}

func (i *oauthIdentity) Name() string { return i.name }

// Workspace is empty, because the issuer's claims do not name a workspace.
func (i *oauthIdentity) Workspace() string { return "" }

// Has asks oauth2-proxy whether the caller is in a group with this role, unless the caller is known to have it.
func (i *oauthIdentity) Has(ctx context.Context, role Role) (bool, error) {
	if i.role >= role {
		return true, nil
	}
	groups := i.oauth2.AdminGroups
	if role == RoleWrite {
		groups = slices.Concat(i.oauth2.WriteGroups, i.oauth2.AdminGroups)
	}
	if len(groups) == 0 {
		return false, nil
	}
	given, err := i.oauth2.check(ctx, i.credential, groups)
	if err != nil {
		return false, err
	}
	switch given.status {
	case http.StatusAccepted:
		i.role = role
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

// lowerASCII changes ASCII letters only: the lower case of some other letters is an ASCII letter, as of the Kelvin sign k.
func lowerASCII(text string) string {
	return strings.Map(func(letter rune) rune {
		if 'A' <= letter && letter <= 'Z' {
			return letter + 'a' - 'A'
		}
		return letter
	}, text)
}
