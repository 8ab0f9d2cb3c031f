package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// basic lets in a user with the right password. A password that was right before costs no hash and is never counted; any
// other is counted before it is hashed, and whether the user exists changes neither answer nor time.
func (l *Login) basic(w http.ResponseWriter, r *http.Request, header string) (Identity, error) {
	given, wellFormed := parseBasic(header)
	known := l.users[given.name]
	if !wellFormed {
		known = nil
	}
	var digest [32]byte
	if known != nil {
		digest = process.passwordDigest(known, given.password)
		if process.isVerified(known, digest) {
			return known, nil
		}
	}

	client := clientOf(r)
	// before this attempt is counted.
	suspect := l.perAddress.remembers(failureKey{client: client})
	name := given.name
	decision, err := l.attempt(w, r, name, process.digest(header), func() (bool, error) {
		right := false
		err := l.slot.do(r.Context(), client, suspect, func() bool {
			// another client with the same password was first.
			right = known != nil && process.isVerified(known, digest)
			if !right {
				right = matches(known, given.password, l.cost)
			}
			if right {
				process.remember(known, digest)
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
	case decision != accepted:
		return nil, l.challenge(w, r)
	}
	return known, nil
}

// refuseMalformed answers 401 to what is no credential, at the price of a wrong password.
func (l *Login) refuseMalformed(w http.ResponseWriter, r *http.Request) error {
	// no credential in it, so that it is compared with nothing.
	_, err := l.basic(w, r, "Basic")
	return err
}

// attempt counts a login before it is tried and gives it back when it was right, or was not tried at all. The same
// credentials at the same time are tried once, whoever brings them, and count for each whom they fail.
func (l *Login) attempt(
	w http.ResponseWriter, r *http.Request, name string, credentials [32]byte, try func() (bool, error),
) (verdict, error) {
	client := clientOf(r)
	keys := []failureKey{{client: client}}
	limits := []*failureLimit{l.perAddress}
	if name != "" {
		digest := process.digest(name)
		keys = append(keys, failureKey{client, [16]byte(digest[:16])})
		limits = append(limits, l.perUser)
	}

	decision, led, err := l.flights.decide(r.Context(), credentials, func() (verdict, error) {
		var reserved attempt
		for i, limit := range limits {
			at, wait := limit.reserve(keys[i])
			if wait > 0 {
				reserved.giveBack()
				return undecided, refuseForNow(w, r, wait, "Too many failed logins. Try again after the time in Retry-After.")
			}
			reserved.limits = append(reserved.limits, limit)
			reserved.keys = append(reserved.keys, keys[i])
			reserved.at = append(reserved.at, at)
		}
		right, err := try()
		if right || err != nil {
			reserved.giveBack()
		}
		switch {
		case err != nil:
			return undecided, err
		case right:
			return accepted, nil
		default:
			return rejected, nil
		}
	})
	if !led && decision == rejected {
		for i, limit := range limits {
			limit.count(keys[i])
		}
	}
	if err != nil && r.Context().Err() != nil {
		err = caddyhttp.Error(statusClientClosed, err)
	}
	return decision, err
}
