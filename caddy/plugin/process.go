package gateway

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
)

// process outlives a reload of Caddy's configuration, so that a correct password costs one hash in its lifetime.
var process = newProcessMemory()

// processMemory knows which password of each user has been seen to be right.
type processMemory struct {
	digester

	mutex    sync.RWMutex
	verified map[string][32]byte
}

func newProcessMemory() *processMemory {
	key := make([]byte, 32)
	// never fails.
	_, _ = rand.Read(key)
	return &processMemory{digester: digester{key}, verified: make(map[string][32]byte)}
}

// passwordDigest has the hash in it, so that it is worth nothing once the password has changed.
func (m *processMemory) passwordDigest(known *user, password string) [32]byte {
	return m.digest(known.name, string(known.hash), password)
}

func (m *processMemory) isVerified(known *user, digest [32]byte) bool {
	m.mutex.RLock()
	expected, found := m.verified[known.name]
	m.mutex.RUnlock()
	return found && subtle.ConstantTimeCompare(expected[:], digest[:]) == 1
}

func (m *processMemory) remember(known *user, digest [32]byte) {
	m.mutex.Lock()
	m.verified[known.name] = digest
	m.mutex.Unlock()
}
