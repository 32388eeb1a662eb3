package callback_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
)

// TestRotation follows a master key from its announcement to its end.
func TestRotation(t *testing.T) {
	t.Parallel()
	oldKey, newKey := fixedKey, bytes.Repeat([]byte{7}, 32)
	of := func(keys ...[]byte) *callback.Secrets {
		secrets, err := callback.NewSecrets(keys[0], keys[1:]...)
		require.NoError(t, err)
		return secrets
	}
	before, announced, during, after := of(oldKey), of(oldKey, newKey), of(newKey, oldKey), of(newKey)
	ofOld, ofNew := before.Secret("main", 3), after.Secret("main", 3)
	require.NotEqual(t, ofOld, ofNew)
	require.Equal(t, ofOld, announced.Secret("main", 3), "hooks get the secret of the present key")
	require.Equal(t, ofNew, during.Secret("main", 3))
	for name, tc := range map[string]struct {
		secrets            *callback.Secrets
		takesOld, takesNew bool
	}{
		"before":    {before, true, false},
		"announced": {announced, true, true},
		"during":    {during, true, true},
		"after":     {after, false, true},
		"neither":   {of(bytes.Repeat([]byte{8}, 32), bytes.Repeat([]byte{9}, 32)), false, false},
		"third":     {of(bytes.Repeat([]byte{8}, 32), newKey, oldKey), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for value, taken := range map[string]bool{ofOld: tc.takesOld, ofNew: tc.takesNew} {
				version, ok := tc.secrets.Verify("main", value)
				require.Equal(t, taken, ok)
				if taken {
					require.Equal(t, 3, version)
				}
				for _, other := range []string{value + "A", "4" + value[1:], strings.ToUpper(value)} {
					_, ok = tc.secrets.Verify("main", other)
					require.False(t, ok, other)
				}
				_, ok = tc.secrets.Verify("other", value)
				require.False(t, ok, "another channel")
			}
		})
	}
}

func TestOneKeyTwiceIsOneKey(t *testing.T) {
	t.Parallel()
	secrets, err := callback.NewSecrets(fixedKey, fixedKey, fixedKey)
	require.NoError(t, err)
	version, ok := secrets.Verify("main", secrets.Secret("main", 2))
	require.True(t, ok)
	require.Equal(t, 2, version)
}

func TestNewSecretsRefusesShortPreviousKeys(t *testing.T) {
	t.Parallel()
	_, err := callback.NewSecrets(fixedKey, fixedKey, []byte("hunter2"))
	require.ErrorContains(t, err, "previous master key 2 has 7 bytes, want at least 32")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	secrets, err := callback.NewSecrets(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	require.NoError(t, err)
	for verb, want := range map[string]string{
		"%v": "[secrets]", "%+v": "[secrets]", "%s": "[secrets]", "%q": `"[secrets]"`, "%#v": "&callback.Secrets([secrets])",
	} {
		require.Equal(t, want, fmt.Sprintf(verb, secrets), verb)
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).InfoContext(t.Context(), "started", "of", secrets)
	require.Contains(t, out.String(), "msg=started of=[secrets]\n")
	out.Reset()
	slog.New(slog.NewJSONHandler(&out, nil)).InfoContext(t.Context(), "started", "of", secrets)
	require.Contains(t, out.String(), `"of":"[secrets]"}`)
}
