// Package callback derives and checks the secret that BigCommerce sends back
// to us in a header of every callback.
package callback

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Header is the header of a hook that carries the secret. BigCommerce sends
// the custom headers of a hook with every delivery, exactly as registered.
const Header = "X-Orderbridge-Secret"

// MarkerHeader is a header of the answers to callbacks without a valid secret,
// and MarkerValue its value. Whoever checks whether the address of a channel
// leads to an ingress can tell by it that it does.
const (
	MarkerHeader = "Orderbridge"
	MarkerValue  = "ingress"
)

// Secrets derives the secret of every channel from one key, so that whoever
// checks a callback needs no look-up and keeps no state.
type Secrets struct {
	// keys are the present key, and those that are still taken.
	keys [][]byte
}

const keyPurpose = "orderbridge callback v1"

// minMasterKeySize is what makes guessing the key hopeless, in bytes.
const minMasterKeySize = 32

// NewSecrets derives from the present master key of the installation; what is
// derived from a previous one is still taken. Each must be at least 32 random
// bytes.
func NewSecrets(masterKey []byte, previous ...[]byte) (*Secrets, error) {
	s := &Secrets{}
	for i, master := range append([][]byte{masterKey}, previous...) {
		if len(master) < minMasterKeySize {
			return nil, fmt.Errorf("%s has %d bytes, want at least %d", nameOf(i), len(master), minMasterKeySize)
		}
		key, err := hkdf.Key(sha256.New, master, nil, keyPurpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive callback key: %w", err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func nameOf(i int) string {
	if i == 0 {
		return "master key"
	}
	return "previous master key " + strconv.Itoa(i)
}

// Secret returns the header value for a channel and a version of its secret,
// for example "1.mDvq…": the version, a dot, and 43 characters of base64url. It
// belongs to the present master key.
func (s *Secrets) Secret(channel string, version int) string {
	prefix := strconv.Itoa(version)
	return prefix + "." + code(s.keys[0], channel, prefix)
}

// Verify checks a header value for a channel and returns the version that it
// carries. The time that it takes depends neither on the value nor on which
// master key it belongs to, if any.
func (s *Secrets) Verify(channel, value string) (version int, ok bool) {
	prefix, given, found := strings.Cut(value, ".")
	// An oversized or malformed version is still compared, with the same
	// work, and so is every key, so that the time taken tells a caller
	// nothing. The texts are compared and not what they decode to: base64
	// decoders skip line breaks and spare bits, so several texts would pass
	// for one secret.
	equal := 0
	for _, key := range s.keys {
		equal |= subtle.ConstantTimeCompare([]byte(code(key, channel, prefix)), []byte(given))
	}
	version, err := strconv.Atoi(prefix)
	canonical := err == nil && strconv.Itoa(version) == prefix && version > 0
	if !found || !canonical || equal != 1 {
		return 0, false
	}
	return version, true
}

// code returns what follows the dot in a secret.
func code(key []byte, channel, version string) string {
	h := hmac.New(sha256.New, key)
	// Neither part can contain the separator: ids are letters, digits and
	// hyphens, and only canonical numbers are accepted as versions.
	h.Write([]byte(channel + "\x00" + version))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// String implements fmt.Stringer without giving anything away.
func (*Secrets) String() string { return "[secrets]" }

// GoString implements fmt.GoStringer without giving anything away.
func (*Secrets) GoString() string { return "&callback.Secrets([secrets])" }

// LogValue implements slog.LogValuer without giving anything away.
func (*Secrets) LogValue() slog.Value { return slog.StringValue("[secrets]") }
