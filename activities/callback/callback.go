// Package callback derives and checks the secret that BigCommerce sends back
// to us in a header of every callback.
package callback

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Header is the header of a hook that carries the secret. BigCommerce sends
// the custom headers of a hook with every delivery, exactly as registered.
const Header = "X-Orderbridge-Secret"

// Secrets derives the secret of every channel from one key, so that whoever
// checks a callback needs no look-up and keeps no state.
type Secrets struct {
	key []byte
}

const keyPurpose = "orderbridge callback v1"

// minMasterKeySize is what makes guessing the key hopeless, in bytes.
const minMasterKeySize = 32

// NewSecrets derives from the master key of the installation, which must be at
// least 32 random bytes.
func NewSecrets(masterKey []byte) (*Secrets, error) {
	if len(masterKey) < minMasterKeySize {
		return nil, fmt.Errorf("master key has %d bytes, want at least %d", len(masterKey), minMasterKeySize)
	}
	key, err := hkdf.Key(sha256.New, masterKey, nil, keyPurpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive callback key: %w", err)
	}
	return &Secrets{key: key}, nil
}

// Secret returns the header value for a channel and a version of its secret,
// for example "1.mDvq…": the version, a dot, and 43 characters of base64url.
func (s *Secrets) Secret(channel string, version int) string {
	prefix := strconv.Itoa(version)
	return prefix + "." + s.code(channel, prefix)
}

// Verify checks a header value for a channel in constant time and returns the
// version that it carries.
func (s *Secrets) Verify(channel, value string) (version int, ok bool) {
	prefix, code, found := strings.Cut(value, ".")
	// An oversized or malformed version is still compared, with the same
	// work, so that the time taken tells a caller nothing. The texts are
	// compared and not what they decode to: base64 decoders skip line breaks
	// and spare bits, so several texts would pass for one secret.
	equal := hmac.Equal([]byte(s.code(channel, prefix)), []byte(code))
	version, err := strconv.Atoi(prefix)
	canonical := err == nil && strconv.Itoa(version) == prefix && version > 0
	if !found || !canonical || !equal {
		return 0, false
	}
	return version, true
}

// code returns what follows the dot in a secret.
func (s *Secrets) code(channel, version string) string {
	h := hmac.New(sha256.New, s.key)
	// Neither part can contain the separator: ids are letters, digits and
	// hyphens, and only canonical numbers are accepted as versions.
	h.Write([]byte(channel + "\x00" + version))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
