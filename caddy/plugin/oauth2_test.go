package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// stubProxy answers like oauth2-proxy, for known sessions and tokens.
type stubProxy struct {
	// Callers by the value of their Cookie or Authorization header.
	known map[string]stubCaller

	mutex    sync.Mutex
	requests []*http.Request
	// If set, it answers every request.
	answer http.HandlerFunc
}

type stubCaller struct {
	user, email string
	groups      []string
	// Logged in, but in no domain or group that may enter.
	notAllowed bool
}

func (p *stubProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	p.requests = append(p.requests, r)
	answer := p.answer
	p.mutex.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	caller, known := p.known[r.Header.Get("Cookie")+r.Header.Get("Authorization")]
	allowed := r.URL.Query().Get("allowed_groups")
	inGroup := allowed == "" || slices.ContainsFunc(strings.Split(allowed, ","), func(group string) bool {
		return slices.Contains(caller.groups, group)
	})
	switch {
	case r.Method != http.MethodGet || r.URL.Path != "/oauth2/auth":
		w.WriteHeader(http.StatusNotFound)
	case !known:
		w.Header().Add("Set-Cookie", "__Host-gateway=; Max-Age=0")
		w.WriteHeader(http.StatusUnauthorized)
	case caller.notAllowed || !inGroup:
		w.WriteHeader(http.StatusForbidden)
	default:
		w.Header().Set("X-Auth-Request-User", caller.user)
		w.Header().Set("X-Auth-Request-Email", caller.email)
		w.Header().Set("X-Auth-Request-Groups", strings.Join(caller.groups, ","))
		w.WriteHeader(http.StatusAccepted)
	}
}

func (p *stubProxy) count() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.requests)
}

func (p *stubProxy) last() *http.Request {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.requests[len(p.requests)-1]
}

func loginWithProxy(t testing.TB, more string) (*stubProxy, []caddyhttp.MiddlewareHandler) {
	t.Helper()
	proxy := &stubProxy{known: map[string]stubCaller{
		"__Host-gateway=rea":  {user: "sub-1", email: "rea@corp.example", groups: []string{"mlflow-users"}},
		"__Host-gateway=will": {user: "sub-2", email: "will@corp.example", groups: []string{"team (a+b) [x]"}},
		"__Host-gateway=anna": {user: "sub-3", email: "anna@corp.example", groups: []string{"mlflow-admins"}},
		"__Host-gateway=trap": {user: "sub-4", email: "trap@corp.example", groups: []string{"x,mlflow-admins"}},
		"__Host-gateway=boss": {user: "sub-5", email: "Boss@Corp.example"},
		"__Host-gateway=out":  {notAllowed: true},
		"Bearer h.ci.s":       {user: "ci", email: "ci"},
		"Bearer h.boss.s":     {user: "boss@corp.example", email: "boss@corp.example"},
		"Bearer h.bot.s":      {user: "sub-6", email: "bot@corp.example"},
		"Bearer h.loud.s":     {user: "BATCH", email: "BATCH"},
		"Bearer h.batch.s":    {user: "batch", email: "batch"},
		"Bearer h.ops.s":      {user: "ops@clients", email: "ops@clients"},
		"Bearer h.nameless.s": {},
		"Bearer h.out.s":      {notAllowed: true},
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return proxy, loginWith(t, more+`
oauth2 `+server.Listener.Addr().String()+` {
	write_groups "team (a+b) [x]"
	admin_groups mlflow-admins
	write_emails bot@corp.example
	admin_emails boss@corp.example
	read_machines ci
	write_machines batch sub-1
	admin_machines ops@clients
}`, ada)
}

var page = []requestOption{
	with("Accept", "text/html,application/xhtml+xml"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "document"),
}

func TestASessionOrATokenLetsIn(t *testing.T) {
	cases := []struct {
		name   string
		option requestOption
		user   string
		role   Role
	}{
		{"a reader's session", with("Cookie", "__Host-gateway=rea"), "rea@corp.example", RoleRead},
		{"a writer's session", with("Cookie", "__Host-gateway=will"), "will@corp.example", RoleWrite},
		{"an admin's session", with("Cookie", "__Host-gateway=anna"), "anna@corp.example", RoleAdmin},
		{"a group with an admin group's name in it", with("Cookie", "__Host-gateway=trap"), "trap@corp.example", RoleRead},
		{"an admin by e-mail, in another case", with("Cookie", "__Host-gateway=boss"), "Boss@Corp.example", RoleAdmin},
		{"a token", with("Authorization", "Bearer h.ci.s"), "ci", RoleRead},
		{"a writer by e-mail", with("Authorization", "Bearer h.bot.s"), "bot@corp.example", RoleWrite},
		{"a writer by subject", with("Authorization", "Bearer h.batch.s"), "batch", RoleWrite},
		{"an admin by subject", with("Authorization", "Bearer h.ops.s"), "ops@clients", RoleAdmin},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, login := loginWithProxy(t, "")
			got := send(get("/"), login, test.option)
			expectStatus(t, got, http.StatusNoContent, "")
			if got.identity.Name() != test.user || got.user != test.user {
				t.Errorf("is %q, and %q in the log", got.identity.Name(), got.user)
			}
			for role := RoleRead; role <= RoleAdmin; role++ {
				if allowed, err := got.identity.Has(t.Context(), role); err != nil || allowed != (role <= test.role) {
					t.Errorf("%v for the role %v, %v", allowed, role, err)
				}
			}
		})
	}
}

func TestOnlyWhatIsNeededIsAsked(t *testing.T) {
	proxy, login := loginWithProxy(t, "")
	got := send(get("/a?allowed_groups=mlflow-admins&b=c"), login, with("Cookie", "__Host-gateway=rea"), with("X-Forwarded-User", "boss"), with("X-Auth-Request-Email", "boss@corp.example"))
	expectStatus(t, got, http.StatusNoContent, "")
	asked := proxy.last()
	if proxy.count() != 1 || asked.URL.RequestURI() != "/oauth2/auth" {
		t.Errorf("asked %d times, %s", proxy.count(), asked.URL.RequestURI())
	}
	for name := range asked.Header {
		if name != "Cookie" {
			t.Errorf("sends %s", name)
		}
	}
	if allowed, _ := got.identity.Has(t.Context(), RoleWrite); allowed {
		t.Error("a reader may write")
	}
	if question := proxy.last().URL.RawQuery; question != "allowed_groups=team+%28a%2Bb%29+%5Bx%5D%2Cmlflow-admins" {
		t.Errorf("asks %s", question)
	}

	// With a token the cookie is ignored.
	got = send(get("/"), login, with("Cookie", "__Host-gateway=anna"), with("Authorization", "Bearer h.nobody.s"))
	expectStatus(t, got, http.StatusUnauthorized, "UNAUTHENTICATED")
	if proxy.last().Header.Get("Cookie") != "" {
		t.Error("sends the cookie besides the token")
	}

	before := proxy.count()
	expectStatus(t, send(get("/"), login), http.StatusUnauthorized, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), login, with("Cookie", "theme=dark")), http.StatusUnauthorized, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password)), with("Cookie", "__Host-gateway=rea")), http.StatusNoContent, "")
	if proxy.count() != before {
		t.Error("asks where there is nothing to ask")
	}
}

func TestPagesAreSentToTheLoginAndNothingElse(t *testing.T) {
	_, login := loginWithProxy(t, "")
	for address, location := range map[string]string{
		"/":                     "/oauth2/start?rd=%2F",
		"/a%2Fb?x=1&y=%26":      "/oauth2/start?rd=%2Fa%252Fb%3Fx%3D1%26y%3D%2526",
		"http://evil.example/a": "/oauth2/start?rd=%2Fa",
		"//evil.example/a":      "/oauth2/start?rd=%2F",
		`/\evil.example`:        "/oauth2/start?rd=%2F%255Cevil.example",
		"/" + strings.Repeat("a", maxReturnAddress): "/oauth2/start?rd=%2F",
	} {
		got := send(get(address), login, page...)
		if got.status != http.StatusFound || got.header.Get("Location") != location || got.header.Get("Cache-Control") != "no-store" || got.passed != nil {
			t.Errorf("%s is answered %d %s", address, got.status, got.header.Get("Location"))
		}
	}
	got := send(get("/"), login, append(page, with("Cookie", "__Host-gateway=expired"))...)
	if got.status != http.StatusFound || got.header.Get("Set-Cookie") != "__Host-gateway=; Max-Age=0" {
		t.Errorf("an expired session is answered %d %v", got.status, got.header)
	}
	if got := send(get("/"), login, with("Accept", "text/html")); got.status != http.StatusFound {
		t.Errorf("an old browser is answered %d", got.status)
	}

	for name, options := range map[string][]requestOption{
		"a call":           {with("Accept", "*/*")},
		"a script's fetch": {with("Accept", "text/html"), with("Sec-Fetch-Mode", "cors"), with("Sec-Fetch-Dest", "empty")},
		"a frame":          {with("Accept", "text/html"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "iframe")},
		"a form":           append(slices.Clone(page), func(r *http.Request) { r.Method = http.MethodPost }),
		"a HEAD":           append(slices.Clone(page), func(r *http.Request) { r.Method = http.MethodHead }),
		"a wrong token":    append(slices.Clone(page), with("Authorization", "Bearer h.x.s")),
		"an empty header":  append(slices.Clone(page), with("Authorization", "")),
		"another scheme":   append(slices.Clone(page), with("Authorization", "Digest x")),
		"a wrong password": append(slices.Clone(page), with("Authorization", basicHeader("ada", "x"))),
	} {
		t.Run(name, func(t *testing.T) {
			expectStatus(t, send(get("/"), login, options...), http.StatusUnauthorized, "UNAUTHENTICATED")
		})
	}
}

func TestAPageWhoseSessionHasEndedMakesNoBrowserAskForAPassword(t *testing.T) {
	_, login := loginWithProxy(t, "")
	got := send(get("/"), login, with("Sec-Fetch-Mode", "cors"))
	if challenge := fmt.Sprint(got.header.Values("WWW-Authenticate")); challenge != `[Bearer realm="mlflow"]` {
		t.Errorf("a page's call is asked for %s", challenge)
	}
	// A password that is wrong was asked for, so it may be asked for again.
	got = send(get("/"), login, with("Sec-Fetch-Mode", "cors"), with("Authorization", basicHeader("ada", "wrong")))
	if challenge := fmt.Sprint(got.header.Values("WWW-Authenticate")); challenge != `[Basic realm="mlflow" Bearer realm="mlflow"]` {
		t.Errorf("after a wrong password a page is asked for %s", challenge)
	}
	got = send(get("/"), login)
	if challenge := fmt.Sprint(got.header.Values("WWW-Authenticate")); challenge != `[Basic realm="mlflow" Bearer realm="mlflow"]` {
		t.Errorf("a client is asked for %s", challenge)
	}
	if !strings.Contains(got.message, "MLFLOW_TRACKING_TOKEN") {
		t.Errorf("says %s", got.message)
	}
}

func TestWhoMayNotEnterIsTold(t *testing.T) {
	_, login := loginWithProxy(t, "")
	expectStatus(t, send(get("/"), login, append(page, with("Cookie", "__Host-gateway=out"))...), http.StatusForbidden, "PERMISSION_DENIED")
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.out.s")), http.StatusForbidden, "PERMISSION_DENIED")
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.nameless.s")), http.StatusForbidden, "PERMISSION_DENIED")
	// Subjects without an e-mail address, which nobody verified: an admin's address, and the name of another in other case.
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.boss.s")), http.StatusForbidden, "PERMISSION_DENIED")
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.loud.s")), http.StatusForbidden, "PERMISSION_DENIED")
}

func TestWithoutAnAnswerNobodyEnters(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an error":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"success":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		"a redirect":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/oauth2/start", http.StatusFound) },
		"not a word":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a not found": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	} {
		t.Run(name, func(t *testing.T) {
			proxy, login := loginWithProxy(t, "failures_per_address 1")
			got := send(get("/"), login, with("Cookie", "__Host-gateway=rea"))
			expectStatus(t, got, http.StatusNoContent, "")
			proxy.mutex.Lock()
			proxy.answer = answer
			proxy.mutex.Unlock()
			expectStatus(t, send(get("/"), login, with("Cookie", "__Host-gateway=rea")), http.StatusBadGateway, "TEMPORARILY_UNAVAILABLE")
			// A token that could not be checked is not counted.
			for range 2 {
				expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.ci.s")), http.StatusBadGateway, "TEMPORARILY_UNAVAILABLE")
			}
			if allowed, err := got.identity.Has(t.Context(), RoleAdmin); allowed || err == nil {
				t.Error("the role is known without an answer")
			}
			access := append([]caddyhttp.MiddlewareHandler{loggedIn{got.identity}}, accessAs(t, RoleAdmin)[1:]...)
			expectStatus(t, send(get("/unknown"), access), http.StatusBadGateway, "TEMPORARILY_UNAVAILABLE")
			expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), http.StatusNoContent, "")
		})
	}
}

func TestWrongTokensCountAsFailedLogins(t *testing.T) {
	proxy, login := loginWithProxy(t, "failures_per_address 3")
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.ci.s")), http.StatusNoContent, "")
	for i := range 3 {
		expectStatus(t, send(get("/"), login, with("Authorization", fmt.Sprintf("Bearer h.%d.s", i))), http.StatusUnauthorized, "UNAUTHENTICATED")
	}
	before := proxy.count()
	got := send(get("/"), login, with("Authorization", "Bearer h.9.s"))
	expectStatus(t, got, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED")
	if got.header.Get("Retry-After") != "60" || proxy.count() != before {
		t.Errorf("waits %q, asked %d times", got.header.Get("Retry-After"), proxy.count()-before)
	}
	// A token that was accepted before is not counted, but checked again.
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.ci.s")), http.StatusNoContent, "")
	if proxy.count() != before+1 {
		t.Error("a known token is not asked")
	}
	delete(proxy.known, "Bearer h.ci.s")
	expectStatus(t, send(get("/"), login, with("Authorization", "Bearer h.ci.s")), http.StatusUnauthorized, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), login, from("203.0.113.9"), with("Authorization", "Bearer h.bot.s")), http.StatusNoContent, "")
}

func TestAHundredRequestsAtOnceWithAGoodTokenAllEnter(t *testing.T) {
	_, login := loginWithProxy(t, "failures_per_address 1")
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if got := send(get("/"), login, with("Authorization", "Bearer h.ci.s")); got.status != http.StatusNoContent {
				t.Errorf("one is answered %d", got.status)
			}
		})
	}
	all.Wait()
}

func TestWithoutUsersAPasswordIsRefusedWithoutAHash(t *testing.T) {
	login := load(t, new(Login), "mlflow_login {\noauth2 127.0.0.1:9\n}")
	got := send(get("/"), []caddyhttp.MiddlewareHandler{login}, with("Authorization", basicHeader("ada", "x")))
	expectStatus(t, got, http.StatusUnauthorized, "UNAUTHENTICATED")
}

func TestACrowdWithTokensEntersFromOneAddress(t *testing.T) {
	proxy, login := loginWithProxy(t, "failures_per_address 30")
	const crowd = 60
	for i := range crowd {
		proxy.known[fmt.Sprintf("Bearer h.crowd%d.s", i)] = stubCaller{user: fmt.Sprint(i), email: fmt.Sprintf("%d@corp.example", i)}
	}
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			if got := send(get("/"), login, with("Authorization", fmt.Sprintf("Bearer h.crowd%d.s", i))); got.status != 204 {
				t.Errorf("token %d is answered %s", i, statusAndCode(got))
			}
		})
	}
	all.Wait()
}

func FuzzOnlyAWholeTokenReachesTheProxy(f *testing.F) {
	for _, header := range []string{
		"Bearer h.c.s", "bearer h.c.s", "Bearer  h.c.s", "Bearer h.c.s ", "Bearer h.c .s", "Bearer h.c.s, Bearer h.c.s", "Bearer\th.c.s", "Bearer",
		"Bearer h.c", "Bearer h.c.", "Bearer h..s", "Bearer h.c.s.t", "Bearer h.c.s\n", "Token h.c.s", "Bearer h.c=.s", "BearerX h.c.s", " Bearer h.c.s",
	} {
		f.Add(header)
	}
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	f.Cleanup(proxy.Close)
	login := loginWith(f, "failures_per_address 1000000\noauth2 "+proxy.Listener.Addr().String()+" {\n}", ada)
	whole := regexp.MustCompile(`^Bearer [\w-]+\.[\w-]+\.[\w-]+$`)
	f.Fuzz(func(t *testing.T, header string) {
		asked = nil
		got := send(get("/"), login, with("Authorization", header))
		if got.passed != nil {
			t.Fatalf("%q enters", header)
		}
		for _, sent := range asked {
			if !whole.MatchString(sent) {
				t.Errorf("the proxy gets %q, which it would log", sent)
			}
		}
		if len(asked) == 0 && whole.MatchString(header) {
			t.Errorf("the proxy is not asked about %q", header)
		}
	})
}
