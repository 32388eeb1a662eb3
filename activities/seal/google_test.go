package seal_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"

	cloudkms "cloud.google.com/go/kms/apiv1"
	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/require"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/gcpkms"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/orderbridge/orderbridge/activities/seal"
)

const googleKey = "projects/shop/locations/global/keyRings/prod/cryptoKeys/orderbridge"

// google is a stand-in for Google's KMS. A ciphertext is the name of the key
// and the plaintext, backwards.
type google struct {
	kmspb.UnimplementedKeyManagementServiceServer

	denies codes.Code
}

func (g *google) Encrypt(_ context.Context, r *kmspb.EncryptRequest) (*kmspb.EncryptResponse, error) {
	if g.denies != codes.OK {
		return nil, status.Errorf(g.denies, "echo %s", r.GetPlaintext())
	}
	return &kmspb.EncryptResponse{Ciphertext: backwards(append([]byte(r.GetName()+"\x00"), r.GetPlaintext()...))}, nil
}

func (g *google) Decrypt(_ context.Context, r *kmspb.DecryptRequest) (*kmspb.DecryptResponse, error) {
	if g.denies != codes.OK {
		return nil, status.Errorf(g.denies, "echo %x", r.GetCiphertext())
	}
	plain, ok := bytes.CutPrefix(backwards(r.GetCiphertext()), []byte(r.GetName()+"\x00"))
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "decryption failed: echo %x", r.GetCiphertext())
	}
	return &kmspb.DecryptResponse{Plaintext: plain}, nil
}

func backwards(in []byte) []byte {
	out := make([]byte, len(in))
	for i, b := range in {
		out[len(in)-1-i] = b
	}
	return out
}

// dial returns a way to reach the stand-in.
func (g *google) dial(t *testing.T) func(ctx context.Context) (*secrets.Keeper, func() error, error) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	kmspb.RegisterKeyManagementServiceServer(server, g)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-served)
	})
	return func(ctx context.Context) (*secrets.Keeper, func() error, error) {
		client, err := cloudkms.NewKeyManagementClient(ctx, option.WithEndpoint(listener.Addr().String()), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
		if err != nil {
			return nil, nil, err
		}
		return gcpkms.OpenKeeper(client, googleKey, nil), client.Close, nil
	}
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (*google, *seal.Keeper) {
		t.Helper()
		service, keeper := &google{}, open(t, seal.Config{URL: "gcpkms://" + googleKey})
		seal.Redial(keeper, service.dial(t))
		return service, keeper
	}
	t.Run("opens what it sealed", func(t *testing.T) {
		t.Parallel()
		_, keeper := setup(t)
		requireOpens(t, keeper, sealed(t, keeper, secret))
	})
	t.Run("refuses what it did not seal", func(t *testing.T) {
		t.Parallel()
		_, keeper := setup(t)
		cipher := sealed(t, keeper, secret)
		cipher[len(cipher)-1] ^= 1
		_, err := keeper.Open(t.Context(), cipher)
		require.ErrorIs(t, err, seal.ErrCannotOpen)
	})
	t.Run("does not serve", func(t *testing.T) {
		t.Parallel()
		for code, says := range map[codes.Code]string{
			codes.PermissionDenied: "gcpkms: access is denied", codes.Unauthenticated: "gcpkms: it answers Unauthenticated",
			codes.NotFound: "gcpkms: there is no such key", codes.Internal: "gcpkms: it answers Internal",
		} {
			service, keeper := setup(t)
			cipher := sealed(t, keeper, secret)
			service.denies = code
			_, err := keeper.Open(t.Context(), cipher)
			require.ErrorIs(t, err, seal.ErrUnavailable)
			require.ErrorContains(t, err, says)
			requireSilent(t, err, cipher)
		}
	})
	t.Run("finds its credentials later", func(t *testing.T) {
		t.Parallel()
		keeper := open(t, seal.Config{URL: "gcpkms://" + googleKey})
		found := (&google{}).dial(t)
		missing := true
		seal.Redial(keeper, func(ctx context.Context) (*secrets.Keeper, func() error, error) {
			if missing {
				return nil, nil, errors.New("no default credentials")
			}
			return found(ctx)
		})
		_, err := keeper.Seal(t.Context(), secret)
		require.ErrorIs(t, err, seal.ErrUnavailable)
		require.ErrorContains(t, err, "gcpkms: no default credentials")
		missing = false
		requireOpens(t, keeper, sealed(t, keeper, secret))
	})
}
