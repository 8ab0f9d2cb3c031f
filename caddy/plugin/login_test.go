package gateway

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/crypto/bcrypt"
)

var ada = testUser{name: "ada", role: "admin", password: "correct horse"}

func loginWith(t testing.TB, more string, users ...testUser) []caddyhttp.MiddlewareHandler {
	t.Helper()
	login := load(t, new(Login), "mlflow_login {\n"+writeUsers(t, users...)+more+"\n}")
	t.Cleanup(func() { _ = login.Cleanup() })
	// Each test begins like a new process.
	verified = newVerifiedPasswords()
	return []caddyhttp.MiddlewareHandler{login}
}

func TestAUserWithTheRightPasswordEnters(t *testing.T) {
	login := loginWith(t, "", ada, testUser{name: "bob@corp.example", role: "read", password: "ümläut:with colon"})

	got := send(get("/version"), login, with("Authorization", basicHeader("ada", ada.password)))
	expectStatus(t, got, http.StatusNoContent, "")
	if got.identity.Name() != "ada" || got.user != "ada" {
		t.Errorf("is %q, and %q in the log", got.identity.Name(), got.user)
	}
	if allowed, _ := got.identity.Has(t.Context(), RoleAdmin); !allowed {
		t.Error("is no admin")
	}

	got = send(get("/version"), login, with("Authorization", "bAsIc  "+basicHeader("bob@corp.example", "ümläut:with colon")[6:]))
	expectStatus(t, got, http.StatusNoContent, "")
	if allowed, _ := got.identity.Has(t.Context(), RoleWrite); allowed {
		t.Error("a reader may write")
	}
}

func TestNobodyElseEnters(t *testing.T) {
	encode := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	long := testUser{name: "long", role: "read", password: strings.Repeat("x", 72)}
	right := basicHeader("ada", ada.password)
	cases := map[string][]requestOption{
		"without credentials":              nil,
		"with a wrong password":            {with("Authorization", basicHeader("ada", "wrong"))},
		"with an empty password":           {with("Authorization", basicHeader("ada", ""))},
		"with another case":                {with("Authorization", basicHeader("Ada", ada.password))},
		"with an unknown name":             {with("Authorization", basicHeader("eve", ada.password))},
		"with an empty name":               {with("Authorization", basicHeader("", ada.password))},
		"with nothing after Basic":         {with("Authorization", "Basic")},
		"with no base64":                   {with("Authorization", "Basic !!!")},
		"with no colon":                    {with("Authorization", encode("ada"))},
		"with no UTF-8":                    {with("Authorization", encode("ada:\xff"))},
		"with a NUL after the password":    {with("Authorization", encode("ada:"+ada.password+"\x00"))},
		"with more than bcrypt looks at":   {with("Authorization", basicHeader("long", strings.Repeat("x", 73)))},
		"with two lines":                   {with("Authorization", right, right)},
		"with two lines, one of them good": {with("Authorization", basicHeader("ada", "wrong"), right)},
		"with both in one line":            {with("Authorization", right+", "+right)},
		"with an empty line":               {with("Authorization", "")},
		"with another scheme":              {with("Authorization", "Bearer "+right[6:])},
		"with a header of a proxy":         {with("Proxy-Authorization", right)},
		"with a path of the hash's folder": {with("Authorization", basicHeader("../hashes/ada", ada.password))},
	}
	for name, options := range cases {
		t.Run(name, func(t *testing.T) {
			got := send(get("/version"), loginWith(t, "", ada, long), options...)
			expectStatus(t, got, http.StatusUnauthorized, "UNAUTHENTICATED")
			if challenge := got.header.Values("WWW-Authenticate"); len(challenge) != 1 || challenge[0] != `Basic realm="mlflow"` {
				t.Errorf("asks for %q", challenge)
			}
			if !strings.Contains(got.message, "MLFLOW_TRACKING_USERNAME") {
				t.Errorf("does not say how to log in: %s", got.message)
			}
		})
	}
}

func TestWhatProvesAnIdentityGoesNoFurther(t *testing.T) {
	login := loginWith(t, "", ada)
	authorization := with("Authorization", basicHeader("ada", ada.password))
	cases := map[string]struct{ lines, kept []string }{
		"none":                {nil, nil},
		"own only":            {[]string{"__Host-gateway=a; __Host-gateway_1=b;gateway_csrf=c"}, nil},
		"own in another case": {[]string{"__host-GATEWAY=a"}, nil},
		"between others":      {[]string{"a=1; __Host-gateway=x; b=2"}, []string{"a=1; b=2"}},
		"in a second line":    {[]string{"a=1", "__Host-gateway_0=x;b=2"}, []string{"a=1; b=2"}},
		"without blanks":      {[]string{"a=1;__Host-gateway=x;b=2;"}, []string{"a=1; b=2"}},
		"tabs":                {[]string{"a=1;\t__Host-gateway=x"}, []string{"a=1"}},
		"others only":         {[]string{"session=__Host-gateway; other"}, []string{"session=__Host-gateway; other"}},
		"empty":               {[]string{""}, nil},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			options := []requestOption{authorization}
			if test.lines != nil {
				options = append(options, with("Cookie", test.lines...))
			}
			got := send(get("/"), login, options...)
			expectStatus(t, got, http.StatusNoContent, "")
			if kept := got.passed.Header.Values("Cookie"); fmt.Sprint(kept) != fmt.Sprint(test.kept) {
				t.Errorf("the cookies %q went on, not %q", kept, test.kept)
			}
			if lines := got.passed.Header.Values("Authorization"); len(lines) > 0 {
				t.Error("the password went on")
			}
		})
	}
}

func TestAfterTooManyFailuresAnAddressWaits(t *testing.T) {
	login := loginWith(t, "failures_per_address 3\nfailure_window 1m", ada)
	for i := range 3 {
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(fmt.Sprint("user", i), "x"))), 401, "UNAUTHENTICATED")
	}
	got := send(get("/"), login, with("Authorization", basicHeader("user1", "x")))
	expectStatus(t, got, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED")
	if wait := got.header.Get("Retry-After"); wait != "60" {
		t.Errorf("Retry-After is %q", wait)
	}
	expectStatus(t, send(get("/"), login), 401, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), login, from("203.0.113.9"), with("Authorization", basicHeader("ada", ada.password))), 204, "")
	// The password is verified now, so that it lets in even the address that has to wait.
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")
}

func TestACrowdWithTheRightPasswordsEntersFromOneAddress(t *testing.T) {
	users := crowdOf(60)
	login := loginWith(t, "failures_per_address 30\nfailures_per_user 10", users...)
	expectAllEnter(t, login, users)
}

func TestOneWhoGuessesLocksNoOtherNameOut(t *testing.T) {
	bob := testUser{name: "bob", role: "read", password: "bob's own"}
	login := loginWith(t, "failures_per_address 3\nfailures_per_user 2", ada, bob)
	for i := range 9 {
		send(get("/"), login, with("Authorization", basicHeader([]string{"ada", "root", "eve"}[i%3], fmt.Sprint(i))))
	}
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("root", "wrong"))), 429, "RESOURCE_EXHAUSTED")
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("bob", bob.password))), 204, "")
	// A name that nobody has is answered like one that somebody has.
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("nobody", "wrong"))), 401, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("nobody", "wrong"))), 429, "RESOURCE_EXHAUSTED")
}

func TestAVerifiedUserIsAClientOfTheirOwn(t *testing.T) {
	login := loginWith(t, "", ada)
	client := func(header string) any {
		return send(get("/"), []caddyhttp.MiddlewareHandler{new(Client)}, with("Authorization", header)).vars[clientVar]
	}
	right := basicHeader("ada", ada.password)
	if got := client(right); got != "192.0.2.1" {
		t.Errorf("before a login the client is %v", got)
	}
	expectStatus(t, send(get("/"), login, with("Authorization", right)), 204, "")
	if got := client(right); got != "ada 192.0.2.1" {
		t.Errorf("after a login the client is %v", got)
	}
	for _, header := range []string{basicHeader("ada", "wrong"), basicHeader("eve", "x"), "Basic !", "Bearer x", ""} {
		if got := client(header); got != "192.0.2.1" {
			t.Errorf("with %q the client is %v", header, got)
		}
	}
}

func TestAfterTooManyFailuresAnAddressWaitsForThatNameOnly(t *testing.T) {
	bob := testUser{name: "bob", role: "read", password: "bob's own"}
	login := loginWith(t, "failures_per_address 9\nfailures_per_user 2", ada, bob)
	for range 2 {
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", "wrong"))), 401, "UNAUTHENTICATED")
	}
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 429, "RESOURCE_EXHAUSTED")
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("bob", bob.password))), 204, "")
	expectStatus(t, send(get("/"), login, from("203.0.113.9"), with("Authorization", basicHeader("ada", ada.password))), 204, "")
}

func TestARightPasswordIsNeverCounted(t *testing.T) {
	login := loginWith(t, "failures_per_address 1\nfailures_per_user 1", ada)
	for range 5 {
		verified = newVerifiedPasswords()
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")
	}
}

func TestMalformedCredentialsCount(t *testing.T) {
	right := basicHeader("ada", ada.password)
	for name, lines := range map[string][]string{"no base64": {"Basic !"}, "two lines": {right, right}} {
		t.Run(name, func(t *testing.T) {
			login := loginWith(t, "failures_per_address 1", ada)
			expectStatus(t, send(get("/"), login, with("Authorization", lines...)), 401, "UNAUTHENTICATED")
			expectStatus(t, send(get("/"), login, with("Authorization", lines...)), 429, "RESOURCE_EXHAUSTED")
		})
	}
}

func TestAHundredRequestsAtOnceWithTheRightPasswordCostOneHash(t *testing.T) {
	slow := ada
	slow.cost = 10
	login := loginWith(t, "failures_per_address 1", slow)
	work := countWork(t)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			address := fmt.Sprintf("203.0.113.%d", i%3)
			if got := send(get("/"), login, from(address), with("Authorization", basicHeader("ada", ada.password))); got.status != 204 {
				t.Errorf("one of them is answered %d", got.status)
			}
		})
	}
	all.Wait()
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")
	if work.Load() != 1<<10 {
		t.Errorf("they cost %d rounds, one hash %d", work.Load(), 1<<10)
	}
	// None of them was counted.
	for i := range 3 {
		expectStatus(t, send(get("/"), login, from(fmt.Sprintf("203.0.113.%d", i)), with("Authorization", basicHeader("ada", "wrong"))), 401, "UNAUTHENTICATED")
	}
}

func TestOneWrongPasswordCountsForEveryAddressThatSendsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := ada
		slow.cost = 10
		login := loginWith(t, "failures_per_address 1", slow)
		work := countWork(t)
		addresses := []string{"203.0.113.1", "203.0.113.2", "203.0.113.3"}
		var all sync.WaitGroup
		// The hash waits until all have asked.
		queue := login[0].(*Login).hashes
		queue.busy = true
		for _, address := range addresses {
			all.Go(func() { send(get("/"), login, from(address), with("Authorization", basicHeader("ada", "wrong"))) })
		}
		synctest.Wait()
		queue.next()
		all.Wait()
		if work.Load() != 1<<10 {
			t.Errorf("they cost %d rounds, one hash %d", work.Load(), 1<<10)
		}
		for _, address := range addresses {
			expectStatus(t, send(get("/"), login, from(address), with("Authorization", basicHeader("ada", "also wrong"))), 429, "RESOURCE_EXHAUSTED")
		}
	})
}

func TestALoginThatIsNotCheckedIsNotCounted(t *testing.T) {
	login := loginWith(t, "failures_per_address 2\nfailures_per_user 1", ada)
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", "wrong"))), 401, "UNAUTHENTICATED")
	// The limit of the user refuses these before the address has used up its own.
	for range 3 {
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", "wrong"))), 429, "RESOURCE_EXHAUSTED")
	}
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("bob", "wrong"))), 401, "UNAUTHENTICATED")

	// A client that leaves while its login waits.
	login = loginWith(t, "failures_per_address 1", ada)
	queue := login[0].(*Login).hashes
	queue.busy = true
	gone, leave := context.WithCancel(t.Context())
	leave()
	left := send(get("/"), login, with("Authorization", basicHeader("ada", "wrong")), func(r *http.Request) { *r = *r.WithContext(gone) })
	expectStatus(t, left, statusClientClosed, "")
	queue.next()
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", "wrong"))), 401, "UNAUTHENTICATED")
}

func TestABrowserIsAskedForAPasswordWhereThereIsNoOtherLogin(t *testing.T) {
	got := send(get("/"), loginWith(t, "", ada), with("Sec-Fetch-Mode", "navigate"))
	if challenge := fmt.Sprint(got.header.Values("WWW-Authenticate")); challenge != `[Basic realm="mlflow"]` {
		t.Errorf("a browser is asked for %s", challenge)
	}
}

func TestAHealthCheckWithoutALoginIsToldWhereToAsk(t *testing.T) {
	got := send(get("/health"), loginWith(t, "", ada))
	expectStatus(t, got, 401, "UNAUTHENTICATED")
	if !strings.Contains(got.message, "Health checks ask /healthz or /readyz") {
		t.Errorf("says %s", got.message)
	}
}

func TestALongPasswordEntersAndInvalidTextDoesNot(t *testing.T) {
	long := testUser{name: "long", role: "read", password: strings.Repeat("x", maxPassword)}
	expectStatus(t, send(get("/"), loginWith(t, "", long), with("Authorization", basicHeader("long", long.password))), 204, "")
	if _, ok := parseBasic("Basic " + base64.StdEncoding.EncodeToString([]byte("ada:\xff"))); ok {
		t.Error("text that is not UTF-8 is read as a credential")
	}
}

// countWork adds up the bcrypt rounds of all comparisons.
func countWork(t testing.TB) *atomic.Int64 {
	t.Helper()
	work := new(atomic.Int64)
	compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			t.Error(err)
		}
		work.Add(1 << cost)
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	t.Cleanup(func() { compare = bcrypt.CompareHashAndPassword })
	return work
}

func TestManyFailuresAtOnceDoNotExceedTheLimit(t *testing.T) {
	login := loginWith(t, "failures_per_address 5", ada)
	var all sync.WaitGroup
	statuses := make(chan int, 60)
	for i := range 60 {
		all.Go(func() {
			statuses <- send(get("/"), login, with("Authorization", basicHeader("ada", fmt.Sprint(i)))).status
		})
	}
	all.Wait()
	close(statuses)
	failed := 0
	for status := range statuses {
		if status == 401 {
			failed++
		}
	}
	if failed != 5 {
		t.Errorf("%d passwords were tried", failed)
	}
}

func TestAChangedPasswordNoLongerEnters(t *testing.T) {
	login := loginWith(t, "", ada)
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("ada", ada.password))), 204, "")
	changed := ada
	changed.password = "another one"
	// The configuration is loaded again in the same process.
	again := load(t, new(Login), "mlflow_login {\n"+writeUsers(t, changed)+"}")
	expectStatus(t, send(get("/"), []caddyhttp.MiddlewareHandler{again}, with("Authorization", basicHeader("ada", ada.password))), 401, "UNAUTHENTICATED")
	expectStatus(t, send(get("/"), []caddyhttp.MiddlewareHandler{again}, with("Authorization", basicHeader("ada", "another one"))), 204, "")
}

func TestKnownUnknownAndMalformedCostTheSame(t *testing.T) {
	expensive := testUser{name: "grace", role: "read", password: "something", cost: 8}
	cheap := testUser{name: "ada", role: "admin", password: "correct horse", cost: 4}
	login := loginWith(t, "", cheap, expensive)
	work := countWork(t)
	right := basicHeader("ada", ada.password)
	for name, lines := range map[string][]string{
		"of a user with a cheap hash":   {basicHeader("ada", "wrong")},
		"of a user with the dearest":    {basicHeader("grace", "wrong")},
		"of nobody":                     {basicHeader("nobody", "wrong")},
		"that is malformed":             {"Basic !"},
		"in two lines":                  {right, right},
		"that is too long":              {basicHeader("ada", strings.Repeat("x", 100))},
		"that is too long, of the dear": {basicHeader("grace", strings.Repeat("x", 100))},
	} {
		work.Store(0)
		send(get("/"), login, with("Authorization", lines...))
		if work.Load() != 1<<8 {
			t.Errorf("a login %s costs %d rounds, not %d", name, work.Load(), 1<<8)
		}
	}
}

func TestSettingsThatLetNobodyInOrAnybodyAreRefused(t *testing.T) {
	good := writeUsers(t, ada)
	folder := filepath.Dir(writeFile(t, "ada", "not a hash"))
	users := func(text string) string { return "users " + writeFile(t, "users.json", text) + "\nhashes " + folder }
	if err := os.WriteFile(filepath.Join(folder, "cheap"), []byte("$2a$02$"+strings.Repeat("a", 53)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "dear"), []byte("$2a$15$"+strings.Repeat("a", 53)), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, text, reason string }{
		{"nothing", "", "there is no user, and no oauth2"},
		{"no users", users(`[]`), "there is no user, and no oauth2"},
		{"no file", "users /nowhere.json", "no such file"},
		{"no JSON", users(`{`), "unexpected EOF"},
		{"an unknown key", users(`[{"name":"ada","role":"admin","password":"x"}]`), "unknown field"},
		{"an unknown role", users(`[{"name":"ada","role":"root"}]`), `unknown role "root": must be admin, write or read`},
		{"no role", users(`[{"name":"ada"}]`), `unknown role ""`},
		{"a path as name", users(`[{"name":"../ada","role":"admin"}]`), `"../ada" is not a user name`},
		{"dots as name", users(`[{"name":"..","role":"admin"}]`), `".." is not a user name`},
		{"a long name", users(`[{"name":"` + strings.Repeat("a", 65) + `","role":"admin"}]`), "is not a user name"},
		{"no hash", users(`[{"name":"bob","role":"admin"}]`), "no such file"},
		{"a password as hash", users(`[{"name":"ada","role":"admin"}]`), "does not hold a bcrypt hash"},
		{"a cheap hash", users(`[{"name":"cheap","role":"admin"}]`), "the cost must be 4 to 14"},
		{"a dear hash", users(`[{"name":"dear","role":"admin"}]`), "the cost must be 4 to 14"},
		{"a limit of none", good + "failures_per_user 0", "must be a number above 0"},
		{"a limit of words", good + "failures_per_user many", "must be a number above 0"},
		{"a short window", good + "failure_window 1ms", "failure_window at least 1s"},
		{"an unknown setting", good + "anything 1", `unknown setting "anything"`},
		{"too many words", good + "failure_window 1m 2m", "wrong argument count"},
		{"an oauth2 without port", "oauth2 proxy", "is not a host and port"},
		{"a group with a comma", "oauth2 proxy:4180 {\nadmin_groups a,b\n}", "has a comma"},
		{"an e-mail role for a name", "oauth2 proxy:4180 {\nadmin_emails boss\n}", "is not an e-mail address"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryLoad(t, new(Login), "mlflow_login {\n"+test.text+"\n}")
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("says %v, not %s", err, test.reason)
			}
			if strings.Contains(err.Error(), "not a hash") {
				t.Error("shows what is in the file of the hash")
			}
		})
	}
	duplicate := writeUsers(t, ada, ada)
	if _, err := tryLoad(t, new(Login), "mlflow_login {\n"+duplicate+"}"); err == nil || !strings.Contains(err.Error(), "ada is listed twice") {
		t.Errorf("says %v", err)
	}
}
