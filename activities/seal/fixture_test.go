package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// masterKey returns a master key that no installation has.
func masterKey(fill byte) []byte { return bytes.Repeat([]byte{fill}, seal.MasterKeySize) }

// open returns a keeper that is closed with the test.
func open(t *testing.T, config seal.Config) *seal.Keeper {
	t.Helper()
	if config.MasterKey == nil {
		config.MasterKey = masterKey(1)
	}
	keeper, err := seal.Open(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	return keeper
}

// requireOpens checks that a keeper opens what was sealed.
func requireOpens(t *testing.T, keeper *seal.Keeper, cipher seal.Sealed) {
	t.Helper()
	got, err := keeper.Open(t.Context(), cipher)
	require.NoError(t, err)
	require.Equal(t, secret, got)
}

// requireSilent checks that an error gives nothing of a secret away.
func requireSilent(t *testing.T, err error, cipher seal.Sealed) {
	t.Helper()
	require.Error(t, err)
	for _, raw := range [][]byte{[]byte(secret), cipher, bytes.TrimPrefix(cipher, []byte("obk1"))} {
		if len(raw) == 0 {
			continue
		}
		require.NotContains(t, err.Error(), string(raw))
		require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString(raw))
	}
	require.NotContains(t, err.Error(), "vault:v1")
	require.NotContains(t, err.Error(), "echo")
}

// keyService is a stand-in for a key service: it keeps what it encrypted and
// returns it to whoever names the same key. What differs from one to another
// is how it speaks.
type keyService struct {
	server *httptest.Server
	calls  atomic.Int64
	// speak answers an operation, "encrypt" or "decrypt".
	speak func(s *keyService, w http.ResponseWriter, r *http.Request)

	mu    sync.Mutex
	kept  map[string]string
	fault http.HandlerFunc
}

func newKeyService(t *testing.T, speak func(*keyService, http.ResponseWriter, *http.Request)) *keyService {
	t.Helper()
	s := &keyService{speak: speak, kept: map[string]string{}}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		s.mu.Lock()
		fault := s.fault
		s.mu.Unlock()
		if fault != nil {
			fault(w, r)
			return
		}
		s.speak(s, w, r)
	}))
	t.Cleanup(s.server.Close)
	return s
}

// failWith makes every call end in another way, until it is told nil.
func (s *keyService) failWith(fault http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// encrypt returns a name for what it keeps.
func (s *keyService) encrypt(key, plain string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprintf("%s#%d", key, len(s.kept))
	s.kept[name] = plain
	return base64.StdEncoding.EncodeToString([]byte(name))
}

// decrypt returns what it keeps under a name, if it is of that key. "" is any.
func (s *keyService) decrypt(key, cipher string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, err := base64.StdEncoding.DecodeString(cipher)
	if err != nil || key != "" && !strings.HasPrefix(string(name), key+"#") {
		return "", false
	}
	plain, ok := s.kept[string(name)]
	return plain, ok
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// newVault returns a stand-in for the transit engine of Vault, with the keys
// "orderbridge" and "other".
func newVault(t *testing.T) *keyService {
	t.Helper()
	return newKeyService(t, func(s *keyService, w http.ResponseWriter, r *http.Request) {
		var body struct {
			Plaintext  string `json:"plaintext"`
			Ciphertext string `json:"ciphertext"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		operation, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
		data := map[string]string{}
		plain, opened := s.decrypt(key, strings.TrimPrefix(body.Ciphertext, "vault:v1:"))
		switch {
		case r.Method != http.MethodPut || (operation != "encrypt" && operation != "decrypt"):
			answer(w, http.StatusNotFound, map[string][]string{"errors": {"no handler for route"}})
			return
		case key != "orderbridge" && key != "other":
			answer(w, http.StatusBadRequest, map[string][]string{"errors": {"encryption key not found"}})
			return
		case operation == "encrypt":
			data["ciphertext"] = "vault:v1:" + s.encrypt(key, body.Plaintext)
		case !opened:
			answer(w, http.StatusBadRequest, map[string][]string{"errors": {"cipher: message authentication failed, echo " + body.Ciphertext}})
			return
		default:
			data["plaintext"] = plain
		}
		answer(w, http.StatusOK, map[string]any{"data": data})
	})
}

// vaultURL returns the URL of a key in it.
func (s *keyService) vaultURL(key string) string {
	return "hashivault://" + key + "?address=" + s.server.URL
}

// newAWS returns a stand-in for AWS KMS. As that does, it finds the key of a
// ciphertext by itself.
func newAWS(t *testing.T) *keyService {
	t.Helper()
	return newKeyService(t, func(s *keyService, w http.ResponseWriter, r *http.Request) {
		var body struct {
			Key        string `json:"KeyId"`
			Plaintext  string `json:"Plaintext"`
			Ciphertext string `json:"CiphertextBlob"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		switch plain, opened := s.decrypt("", body.Ciphertext); {
		case r.Header.Get("X-Amz-Target") == "TrentService.Encrypt":
			answer(w, http.StatusOK, map[string]string{"KeyId": body.Key, "CiphertextBlob": s.encrypt(body.Key, body.Plaintext)})
		case r.Header.Get("X-Amz-Target") == "TrentService.Decrypt" && opened:
			answer(w, http.StatusOK, map[string]string{"Plaintext": plain})
		default:
			answer(w, http.StatusBadRequest, map[string]string{"__type": "InvalidCiphertextException", "message": "echo " + body.Ciphertext})
		}
	})
}

// awsURL returns the URL of a key in it.
func (s *keyService) awsURL(key string) string {
	return "awskms://alias/" + key + "?region=eu-central-1&anonymous=true&endpoint=" + s.server.URL
}
