package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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

	client := clientOf(r)
	// Asked before this attempt is counted.
	suspect := l.perAddress.hasRecent(failureKey{client: client})
	accepted, err := l.attempt(w, r, given.name, processDigester.digest(header), func() (bool, error) {
		right := false
		err := l.hashes.do(r.Context(), client, suspect, func() bool {
			// Another client may have logged in with the same password while this one waited.
			right = known != nil && verified.has(known, digest)
			if !right {
				right = matches(known, given.password, l.cost)
			}
			if right {
				verified.add(known, digest)
			}
			return !right
		})
		return right, err
	})
	switch {
	case errors.Is(err, errBusy):
		return nil, refuseForNow(w, r, time.Second, "Too many logins at the same time. Try again after the time in Retry-After.")
	case err != nil:
		return nil, err
	case !accepted:
		return nil, l.challenge(w, r)
	}
	return known, nil
}

// refuseMalformed answers 401 to a header without a credential, and lets it cost as much as a wrong password.
func (l *Login) refuseMalformed(w http.ResponseWriter, r *http.Request) error {
	_, err := l.basic(w, r, "Basic")
	return err
}

// attempt reserves a place in the failure limits, and releases it when the login succeeds or is not checked. Equal
// credentials at the same time are checked once; a failure counts for every caller.
func (l *Login) attempt(
	w http.ResponseWriter, r *http.Request, name string, credentials [32]byte, check func() (bool, error),
) (accepted bool, err error) {
	client := clientOf(r)
	keys := []failureKey{{client: client}}
	limits := []*failureLimit{l.perAddress}
	if name != "" {
		digest := processDigester.digest(name)
		keys = append(keys, failureKey{client, [16]byte(digest[:16])})
		limits = append(limits, l.perUser)
	}

	accepted, led, err := l.checks.do(r.Context(), credentials, func() (bool, error) {
		var reserved reservation
		for i, limit := range limits {
			at, wait := limit.reserve(keys[i])
			if wait > 0 {
				reserved.release()
				return false, refuseForNow(w, r, wait, "Too many failed logins. Try again after the time in Retry-After.")
			}
			reserved.limits = append(reserved.limits, limit)
			reserved.keys = append(reserved.keys, keys[i])
			reserved.at = append(reserved.at, at)
		}
		right, err := check()
		if right || err != nil {
			reserved.release()
		}
		return right, err
	})
	if err == nil && !led && !accepted {
		for i, limit := range limits {
			limit.count(keys[i])
		}
	}
	if err != nil && r.Context().Err() != nil {
		err = caddyhttp.Error(statusClientClosed, err)
	}
	return accepted, err
}
