package seal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/seal"
)

const secret = "s3cr3t-access-token"

func newKeeper(t *testing.T, fill byte) *seal.Keeper {
	t.Helper()
	keeper, err := seal.NewLocal(bytes.Repeat([]byte{fill}, seal.MasterKeySize))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	return keeper
}

func sealed(t *testing.T, keeper *seal.Keeper, plain string) seal.Sealed {
	t.Helper()
	out, err := keeper.Seal(t.Context(), plain)
	require.NoError(t, err)
	return out
}

func TestSealRoundTrip(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	for _, plain := range []string{"x", secret, "ключ 🔑", "with\x00zero and\nline", string(bytes.Repeat([]byte("a"), 10_000))} {
		cipher := sealed(t, keeper, plain)
		require.NotEqual(t, plain, string(cipher))
		got, err := keeper.Open(t.Context(), cipher)
		require.NoError(t, err)
		require.Equal(t, plain, got)
	}
}

func TestSealNeverRepeatsItself(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	first, second := sealed(t, keeper, secret), sealed(t, keeper, secret)
	require.NotEqual(t, []byte(first), []byte(second),
		"equal ciphertexts would show that two channels share a token")
}

func TestEmptySecretStaysEmpty(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	require.Empty(t, sealed(t, keeper, ""))
	for _, empty := range []seal.Sealed{nil, {}} {
		got, err := keeper.Open(t.Context(), empty)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestOpenWorksAfterARestart(t *testing.T) {
	t.Parallel()
	cipher := sealed(t, newKeeper(t, 1), secret)
	got, err := newKeeper(t, 1).Open(t.Context(), cipher)
	require.NoError(t, err)
	require.Equal(t, secret, got)
}

func TestOpenReadsWhatEarlierReleasesSealed(t *testing.T) {
	t.Parallel()
	// Channels keep such texts for years: another derivation or another cipher
	// would make every one of them unreadable after an upgrade.
	const kept = "WV9fUXoLNeJqc5JQL8DNvreH4ijUbmT3jxNGWkArQWMA2StRv969Ljt3IYpkD6LsWPGDrnePDpfySEc="
	cipher, err := base64.StdEncoding.DecodeString(kept)
	require.NoError(t, err)
	got, err := newKeeper(t, 1).Open(t.Context(), cipher)
	require.NoError(t, err)
	require.Equal(t, secret, got)
}

func TestOpenRefusesAnotherKey(t *testing.T) {
	t.Parallel()
	_, err := newKeeper(t, 2).Open(t.Context(), sealed(t, newKeeper(t, 1), secret))
	require.ErrorIs(t, err, seal.ErrCannotOpen)
}

func TestOpenRefusesEveryDamage(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	good := sealed(t, keeper, secret)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		_, err := keeper.Open(t.Context(), bad)
		require.ErrorIs(t, err, seal.ErrCannotOpen, "bit 0 of byte %d", i)
		if i > 0 {
			_, err = keeper.Open(t.Context(), good[:i])
			require.ErrorIs(t, err, seal.ErrCannotOpen, "cut after %d bytes", i)
		}
	}
	_, err := keeper.Open(t.Context(), append(bytes.Clone(good), 0))
	require.ErrorIs(t, err, seal.ErrCannotOpen, "a byte too many")
}

func TestErrorsShowNothing(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	_, err := keeper.Open(t.Context(), seal.Sealed(secret))
	require.ErrorIs(t, err, seal.ErrCannotOpen)
	require.NotContains(t, err.Error(), secret)
	require.Contains(t, err.Error(), "save the credentials again", "the error says what to do")
}

func TestOpenSaysWhenTheCallerWentAway(t *testing.T) {
	t.Parallel()
	keeper := newKeeper(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := keeper.Open(ctx, seal.Sealed("damaged"))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, seal.ErrCannotOpen)
}

func TestSealedNeverPrints(t *testing.T) {
	t.Parallel()
	type nested struct {
		Token seal.Sealed
		List  []seal.Sealed
	}
	cipher := seal.Sealed(secret)
	values := map[string]any{
		"alone":     cipher,
		"pointer":   &cipher,
		"in struct": nested{Token: cipher, List: []seal.Sealed{cipher}},
		"in map":    map[string]seal.Sealed{"a": cipher},
		"in error":  fmt.Errorf("refused %v", cipher),
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, value)
			require.NotContains(t, text, secret, "%s with %s", name, verb)
			require.NotContains(t, text, "115, 51", "%s with %s", name, verb)
			require.NotContains(t, text, "0x73, 0x33", "%s with %s", name, verb)
			require.NotContains(t, text, "73337263", "%s with %s", name, verb)
		}
	}
	require.Equal(t, "[sealed]", cipher.String())
	require.Contains(t, fmt.Sprintf("%#v", cipher), "[sealed]")
}

func TestSealedNeverLogs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).InfoContext(t.Context(), "saved", "token", seal.Sealed(secret),
			slog.Group("store", "token", seal.Sealed(secret)))
	}
	require.NotContains(t, out.String(), secret)
	require.NotContains(t, out.String(), base64.StdEncoding.EncodeToString([]byte(secret)))
	require.Contains(t, out.String(), "[sealed]")
}

func TestSealedIsBase64InJSON(t *testing.T) {
	t.Parallel()
	cipher := sealed(t, newKeeper(t, 1), secret)
	text, err := json.Marshal(cipher)
	require.NoError(t, err)
	require.Equal(t, `"`+base64.StdEncoding.EncodeToString(cipher)+`"`, string(text))
	var back seal.Sealed
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, []byte(cipher), []byte(back))
}

func TestNewLocalRefusesOtherSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, seal.MasterKeySize - 1, seal.MasterKeySize + 1, 64} {
		key := bytes.Repeat([]byte("k"), size)
		_, err := seal.NewLocal(key)
		require.ErrorContains(t, err, fmt.Sprintf("%d bytes, want %d", size, seal.MasterKeySize))
		require.NotContains(t, err.Error(), "kk")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	keeper, err := seal.NewLocal(make([]byte, seal.MasterKeySize))
	require.NoError(t, err)
	require.NoError(t, keeper.Close())
	require.NoError(t, keeper.Close())
	_, err = keeper.Open(t.Context(), seal.Sealed("anything"))
	require.Error(t, err, "a closed keeper opens nothing")
}
