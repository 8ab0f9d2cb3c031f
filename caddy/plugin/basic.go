package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// basic lets in a user with the right password. A password that was right before costs no hash and is never counted. Any
// other is counted before it is hashed. Whether the user exists changes neither the answer nor the time it takes.
func (l *Login) basic(w http.ResponseWriter, r *http.Request, header string) (Identity, error) {
	given, wellFormed := parseBasic(header)
	known := l.users[given.name]
	if !wellFormed {
		known = nil
	}
	var digest [32]byte
	if known != nil {
		digest = passwordDigest(known, given.password)
		if verified.has(known, digest) {
			return known, nil
		}
	}

	accepted, err := l.attempt(w, r, credentials{
		queue:  l.hashes,
		name:   given.name,
		digest: processDigester.digest(header),
		check: func() (bool, error) {
			// Another client may have logged in with the same password while this one waited.
			right := known != nil && verified.has(known, digest) || matches(known, given.password, l.cost)
			if right {
				verified.add(known, digest)
			}
			return right, nil
		},
		hopeless: func() bool { return known == nil || verified.knows(known) && !verified.has(known, digest) },
	})
	if known != nil && !accepted {
		logFailure(r, known)
	}
	switch {
	case err != nil:
		return nil, err
	case !accepted:
		return nil, l.challenge(w, r)
	}
	return known, nil
}

// logFailure names the user of a failed login in the access log. Other names are not logged, because people type passwords there.
func logFailure(r *http.Request, known *user) {
	if fields, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		fields.Set(zap.String("failed_user", known.name))
	}
}

// refuseMalformed answers 401 to a header without a credential, and lets it cost as much as a wrong password.
func (l *Login) refuseMalformed(w http.ResponseWriter, r *http.Request) error {
	_, err := l.basic(w, r, "Basic")
	return err
}

// credentials are what a caller has sent, and how it is checked.
type credentials struct {
	queue *hashQueue
	// The user's name, empty if there is none.
	name   string
	digest [32]byte
	check  func() (bool, error)
	// hopeless tells, without work, whether check would say no. It is needed for credentials with a name.
	hopeless func() bool
}

// attempt checks credentials when it is the caller's turn, and counts a failure. Callers wait for their turn, so that a crowd
// with the right credentials is not refused. Equal credentials at the same time are checked once; a failure counts for
// every caller.
func (l *Login) attempt(w http.ResponseWriter, r *http.Request, tried credentials) (accepted bool, err error) {
	key := failureKey{client: clientOf(r)}
	if tried.name != "" {
		digest := processDigester.digest(tried.name)
		key.name = [16]byte(digest[:16])
	}
	accepted, led, err := l.checks.do(r.Context(), tried.digest, func() (right bool, err error) {
		wait, late := l.afterFailures(key)
		if wait == 0 && !late {
			busy := tried.queue.do(r.Context(), key, l.perAddress.hasRecent(failureKey{client: key.client}), func() (pause bool) {
				// Others may have failed while this one waited.
				if wait, late = l.afterFailures(key); wait > 0 || late {
					return false
				}
				if right, err = tried.check(); !right && err == nil {
					l.countFailure(key)
				}
				return !right
			})
			if busy != nil {
				return false, refuseBusy(w, r, busy)
			}
		}
		switch {
		case wait > 0:
			return false, refuseAfterFailures(w, r, wait)
		case late:
			return l.attemptLate(w, r, key, tried)
		default:
			return right, err
		}
	})
	if err == nil && !led && !accepted {
		l.countFailure(key)
	}
	if err != nil && r.Context().Err() != nil {
		err = caddyhttp.Error(statusClientClosed, err)
	}
	return accepted, err
}

func refuseBusy(w http.ResponseWriter, r *http.Request, busy error) error {
	if errors.Is(busy, errBusy) {
		return refuseForNow(w, r, time.Second, "Too many logins at the same time. Try again after the time in Retry-After.")
	}
	return busy
}

func refuseAfterFailures(w http.ResponseWriter, r *http.Request, wait time.Duration) error {
	return refuseForNow(w, r, wait, "Too many failed logins. Try again after the time in Retry-After.")
}

// afterFailures returns how long a caller has to wait, or that the attempt is a late one. An address over its limit may still
// try each name once in a window: if the engine hides the addresses of clients, one who guesses must not keep the users of
// all other names out.
func (l *Login) afterFailures(key failureKey) (wait time.Duration, late bool) {
	address := failureKey{client: key.client}
	if key == address {
		return l.perAddress.wait(address), false
	}
	if wait := l.perUser.wait(key); wait > 0 {
		return wait, false
	}
	wait = l.perAddress.wait(address)
	if wait > 0 && !l.perUser.hasRecent(key) {
		return 0, true
	}
	return wait, false
}

func (l *Login) countFailure(key failureKey) {
	address := failureKey{client: key.client}
	l.perAddress.count(address)
	if key != address {
		l.perUser.count(key)
	}
}
