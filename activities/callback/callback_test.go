package callback_test

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
)

// fixedKey is a master key that no installation has.
var fixedKey = []byte("0123456789abcdef0123456789abcdef")

func newSecrets(t *testing.T, key []byte) *callback.Secrets {
	t.Helper()
	secrets, err := callback.NewSecrets(key)
	require.NoError(t, err)
	return secrets
}

func TestSecretNeverChanges(t *testing.T) {
	t.Parallel()
	// Hooks carry these values for years: another derivation would turn away
	// the callbacks of every existing hook after an upgrade.
	secrets := newSecrets(t, fixedKey)
	for channel, want := range map[string]string{
		"main":      "1.ZllvtrDU_1lrNMQ5DGPeT5cmpcnXGlHZVdM1jPUPDHE",
		"warehouse": "1.gxkqVavVb3oilS4hvB6Fl-oont3hN5xPVIlen8XkDnM",
	} {
		require.Equal(t, want, secrets.Secret(channel, 1))
	}
	require.Equal(t, "2.5003lC6CqVfwszS2kIB1U42E7LiSoxJDP2NLEkfh0QI", secrets.Secret("main", 2))
}

func TestSecretRoundTrip(t *testing.T) {
	t.Parallel()
	secrets := newSecrets(t, fixedKey)
	seen := map[string]bool{}
	for _, channel := range []string{"main", "a", "warehouse-2", strings.Repeat("z", 40)} {
		for _, version := range []int{1, 2, 9, 10, 4711} {
			value := secrets.Secret(channel, version)
			got, ok := secrets.Verify(channel, value)
			require.True(t, ok, value)
			require.Equal(t, version, got)
			require.False(t, seen[value], "two secrets are equal: %s", value)
			seen[value] = true
		}
	}
}

func TestSecretFitsAHeader(t *testing.T) {
	t.Parallel()
	version, mac, found := strings.Cut(newSecrets(t, fixedKey).Secret("main", 12), ".")
	require.True(t, found)
	require.Equal(t, "12", version)
	require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, mac)
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	secrets := newSecrets(t, fixedKey)
	good := secrets.Secret("main", 1)
	_, mac, _ := strings.Cut(good, ".")
	for name, value := range map[string]string{
		"nothing":                     "",
		"a dot alone":                 ".",
		"no dot":                      "1" + mac,
		"no version":                  "." + mac,
		"no code":                     "1.",
		"a leading zero":              "01." + mac,
		"a sign":                      "+1." + mac,
		"a trailing space":            "1 ." + mac,
		"a leading space":             " 1." + mac,
		"an underscore":               "1_0." + mac,
		"hexadecimal":                 "0x1." + mac,
		"version zero":                "0." + mac,
		"a negative version":          "-1." + mac,
		"another version":             "2." + mac,
		"a version beyond 64 bits":    "99999999999999999999." + mac,
		"a very long version":         strings.Repeat("1", 10_000) + "." + mac,
		"a very long code":            good + strings.Repeat("A", 10_000),
		"padding":                     good + "=",
		"a second dot":                good + ".",
		"a space after it":            good + " ",
		"a line break in the code":    good[:20] + "\n" + good[20:],
		"a line break after it":       good + "\r\n",
		"the other base64 alphabet":   "1." + strings.NewReplacer("-", "+", "_", "/").Replace(mac),
		"the secret of another":       secrets.Secret("other", 1),
		"a code of half the length":   good[:24],
		"another case":                strings.ToLower(good),
		"the code of another version": "1." + strings.TrimPrefix(secrets.Secret("main", 2), "2."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			version, ok := secrets.Verify("main", value)
			require.False(t, ok)
			require.Zero(t, version)
		})
	}
}

func TestVerifyRefusesNonCanonicalVersionsWithAMatchingCode(t *testing.T) {
	t.Parallel()
	secrets := newSecrets(t, fixedKey)
	// Secret writes what strconv writes, so these codes are genuine.
	for _, version := range []int{0, -1} {
		_, ok := secrets.Verify("main", secrets.Secret("main", version))
		require.False(t, ok, strconv.Itoa(version))
	}
}

func TestVerifyRefusesEveryOtherByte(t *testing.T) {
	t.Parallel()
	secrets := newSecrets(t, fixedKey)
	good := []byte(secrets.Secret("main", 1))
	for i := range good {
		for b := range 256 {
			bad := bytes.Clone(good)
			bad[i] = byte(b)
			_, ok := secrets.Verify("main", string(bad))
			require.Equal(t, good[i] == byte(b), ok, "byte %d replaced by %q", i, b)
		}
	}
}

func TestVerifyRefusesOtherChannels(t *testing.T) {
	t.Parallel()
	secrets := newSecrets(t, fixedKey)
	good := secrets.Secret("main", 1)
	for _, channel := range []string{"", "Main", "main ", "mai", "mains", "main\x00", "main\x001"} {
		_, ok := secrets.Verify(channel, good)
		require.False(t, ok, "%q", channel)
	}
}

func TestSecretsOfOtherMasterKeysDiffer(t *testing.T) {
	t.Parallel()
	otherKey := bytes.Clone(fixedKey)
	otherKey[31] ^= 1
	one, other := newSecrets(t, fixedKey), newSecrets(t, otherKey)
	require.NotEqual(t, one.Secret("main", 1), other.Secret("main", 1))
	_, ok := other.Verify("main", one.Secret("main", 1))
	require.False(t, ok)
}

func TestNewSecretsRefusesShortKeys(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, {}, fixedKey[:31]} {
		_, err := callback.NewSecrets(key)
		require.ErrorContains(t, err, strconv.Itoa(len(key)))
	}
}

func TestNewSecretsKeepsNothingOfTheMasterKey(t *testing.T) {
	t.Parallel()
	key := bytes.Clone(fixedKey)
	secrets := newSecrets(t, key)
	before := secrets.Secret("main", 1)
	clear(key)
	require.Equal(t, before, secrets.Secret("main", 1))
	require.NotContains(t, before, base64.RawURLEncoding.EncodeToString(fixedKey))
}
