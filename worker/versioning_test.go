package worker_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/worker"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	off := worker.Config{BuildID: "v1"}.Version()
	require.Zero(t, off, "a build without a deployment means nothing")
	require.False(t, off.On())
	require.Empty(t, off.String())
	on := worker.Config{Deployment: "shop", BuildID: "v1"}.Version()
	require.True(t, on.On())
	require.Equal(t, "shop:v1", on.String())
}

func TestValidateVersion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version worker.Version
		says    string
	}{
		"usual":                {worker.Version{Deployment: "shop-eu", BuildID: "v1.2.3-2a5639bdb4df"}, ""},
		"an image's digest":    {worker.Version{Deployment: "shop", BuildID: "sha256:2a5639bd"}, ""},
		"no build":             {worker.Version{Deployment: "shop"}, "ORDERBRIDGE_WORKER_BUILD_ID is missing"},
		"a dot in the name":    {worker.Version{Deployment: "shop.eu", BuildID: "1"}, `ORDERBRIDGE_WORKER_DEPLOYMENT "shop.eu" must have no dot and no colon`},
		"reserved":             {worker.Version{Deployment: "__shop", BuildID: "1"}, "ORDERBRIDGE_WORKER_DEPLOYMENT \"__shop\" must have at most"},
		"a quote in the build": {worker.Version{Deployment: "shop", BuildID: "o'1"}, "ORDERBRIDGE_WORKER_BUILD_ID \"o'1\" must have at most 128 ASCII characters, without spaces and quotes"},
		"a space in the build": {worker.Version{Deployment: "shop", BuildID: "1 2"}, "without spaces"},
		"long":                 {worker.Version{Deployment: "shop", BuildID: strings.Repeat("b", 129)}, "at most 128"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.says == "" {
				require.NoError(t, c.version.Validate())
				return
			}
			require.ErrorContains(t, c.version.Validate(), c.says)
		})
	}
}
