package process_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// key returns a master key that no installation has, as it is written.
func key(fill string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, seal.MasterKeySize)))
}

// written returns the URL of a key that is written out.
func written(fill string) string { return "base64key://" + key(fill) }

func load(t *testing.T, environ []string) process.Config {
	t.Helper()
	config, err := process.Load(environ)
	require.NoError(t, err)
	return config
}

func keeper(t *testing.T, config process.Config) *seal.Keeper {
	t.Helper()
	k, err := config.Keeper(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

func TestPreviousMasterKeysAreTaken(t *testing.T) {
	t.Parallel()
	was := load(t, []string{"ORDERBRIDGE_MASTER_KEY=" + key("a")})
	cipher, err := keeper(t, was).Seal(t.Context(), "token")
	require.NoError(t, err)
	wasSecrets, err := was.Secrets()
	require.NoError(t, err)
	for name, environ := range map[string][]string{
		"by commas": {"ORDERBRIDGE_PREVIOUS_MASTER_KEYS=" + key("c") + "," + key("a") + ","},
		"by spaces": {"ORDERBRIDGE_PREVIOUS_MASTER_KEYS= " + key("a") + "  " + key("c")},
		"in a file": {"ORDERBRIDGE_PREVIOUS_MASTER_KEYS_FILE=" + file(t, key("c")+"\r\n"+key("a")+"\n")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := load(t, append(environ, "ORDERBRIDGE_MASTER_KEY="+key("b")))
			plain, err := keeper(t, is).Open(t.Context(), cipher)
			require.NoError(t, err)
			require.Equal(t, "token", plain)
			secrets, err := is.Secrets()
			require.NoError(t, err)
			_, ok := secrets.Verify("main", wasSecrets.Secret("main", 1))
			require.True(t, ok)
			require.NotEqual(t, wasSecrets.Secret("main", 1), secrets.Secret("main", 1))
		})
	}
	alone := load(t, []string{"ORDERBRIDGE_MASTER_KEY=" + key("b")})
	_, err = keeper(t, alone).Open(t.Context(), cipher)
	require.ErrorIs(t, err, seal.ErrCannotOpen)
	secrets, err := alone.Secrets()
	require.NoError(t, err)
	_, ok := secrets.Verify("main", wasSecrets.Secret("main", 1))
	require.False(t, ok)
}

func TestKeeperURL(t *testing.T) {
	t.Parallel()
	was := load(t, with("ORDERBRIDGE_KEEPER_URL="+written("a")))
	cipher, err := keeper(t, was).Seal(t.Context(), "token")
	require.NoError(t, err)
	_, err = keeper(t, load(t, with())).Open(t.Context(), cipher)
	require.ErrorIs(t, err, seal.ErrCannotOpen, "it is not sealed with the master key")
	is := load(t, with("ORDERBRIDGE_KEEPER_URL_FILE="+file(t, written("b")+"\n"),
		"ORDERBRIDGE_PREVIOUS_KEEPER_URLS_FILE="+file(t, written("c")+"\n"+written("a")+"\n")))
	plain, err := keeper(t, is).Open(t.Context(), cipher)
	require.NoError(t, err)
	require.Equal(t, "token", plain)
	current, err := keeper(t, is).Current(t.Context(), cipher)
	require.NoError(t, err)
	require.False(t, current)
}

func TestLoadNamesEveryKeyThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := process.Load([]string{
		"ORDERBRIDGE_MASTER_KEY=hunter2", "ORDERBRIDGE_PREVIOUS_MASTER_KEYS=" + key("a") + ",hunter2,aHVudGVyMg==",
		"ORDERBRIDGE_KEEPER_URL=base64key://hunter2", "ORDERBRIDGE_PREVIOUS_KEEPER_URLS=hunter2 " + written("a") + " awskms://alias/hunter2?hunter=1",
	})
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")[1:]
	require.Len(t, lines, 6)
	for _, says := range []string{
		"ORDERBRIDGE_MASTER_KEY must be the base64 of 32 random bytes",
		"ORDERBRIDGE_PREVIOUS_MASTER_KEYS, number 2, must be the base64 of 32 random bytes",
		"ORDERBRIDGE_PREVIOUS_MASTER_KEYS, number 3, must be",
		"ORDERBRIDGE_KEEPER_URL: after base64key:// comes the base64 of 32 random bytes",
		"ORDERBRIDGE_PREVIOUS_KEEPER_URLS, number 1: it must begin with one of awskms://, azurekeyvault://, base64key://, gcpkms://, hashivault://",
		`ORDERBRIDGE_PREVIOUS_KEEPER_URLS, number 3: awskms has no parameter "hunter"`,
	} {
		require.ErrorContains(t, err, says)
	}
	require.NotContains(t, err.Error(), "hunter2")
	require.NotContains(t, err.Error(), "aHVudGVyMg")
	require.NotContains(t, err.Error(), key("a"))
}

func TestLoadReportsAKeyBesideAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := process.Load([]string{"ORDERBRIDGE_MASTER_KEY_FILE=/nowhere", "ORDERBRIDGE_KEEPER_URL=hunter2", "ORDERBRIDGE_PREVIOUS_MASTER_KEYS_FILE=/nowhere"})
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 4)
	for _, says := range []string{"ORDERBRIDGE_MASTER_KEY_FILE: ", "ORDERBRIDGE_PREVIOUS_MASTER_KEYS_FILE: ", "ORDERBRIDGE_KEEPER_URL: it must begin"} {
		require.ErrorContains(t, err, says)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

// TestStartsWithoutTheKeyService shows that a process starts while its key
// service is away, and uses it once it is back.
func TestStartsWithoutTheKeyService(t *testing.T) {
	t.Parallel()
	var back atomic.Bool
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]map[string]string{"data": {"ciphertext": "vault:v1:abc"}})
	}))
	t.Cleanup(vault.Close)
	r := start(t, process.Roles{Ingress: true, Worker: true},
		environ(nowhere(t), "ORDERBRIDGE_KEEPER_URL=hashivault://orderbridge?address="+vault.URL))
	status, _ := r.get(r.ingress, "/healthz")
	require.Equal(t, http.StatusOK, status)
	_, err := r.process.Keeper.Seal(t.Context(), "token")
	require.ErrorIs(t, err, seal.ErrUnavailable)
	back.Store(true)
	_, err = r.process.Keeper.Seal(t.Context(), "token")
	require.NoError(t, err)
	r.stop()
	require.NotContains(t, r.log.String(), vault.URL)
}

func TestNewRefusesAKeyThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	config := load(t, environ(nowhere(t)))
	config.KeeperURL = "awskms://alias/hunter2?fips=perhaps"
	_, err := process.New(config, process.Options{Log: io.Discard})
	require.ErrorContains(t, err, "ORDERBRIDGE_KEEPER_URL or ORDERBRIDGE_PREVIOUS_KEEPER_URLS: keeper URL: awskms cannot be used")
	require.NotContains(t, err.Error(), "hunter2")
}
