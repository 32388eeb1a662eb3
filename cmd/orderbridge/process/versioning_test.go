package process_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
)

func TestBuildID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version process.Version
		want    string
	}{
		"a release":         {process.Version{Version: "v1.2.3", Commit: "2a5639bdb4df0123456789"}, "v1.2.3-2a5639bdb4df"},
		"a commit":          {process.Version{Version: "unreleased", Commit: "2a5639b"}, "unreleased-2a5639b"},
		"nothing known":     {process.Version{Version: "unreleased", Commit: "unknown"}, ""},
		"changes beside it": {process.Version{Version: "v1.2.3-dirty", Commit: "2a5639bdb4df"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.version.BuildID())
		})
	}
}

func TestReadWorkerVersion(t *testing.T) {
	t.Parallel()
	version, err := process.ReadWorkerVersion(process.Environment{
		"ORDERBRIDGE_WORKER_DEPLOYMENT": "shop", "ORDERBRIDGE_WORKER_BUILD_ID": "v1", "ORDERBRIDGE_HTTP_TIMEOUT": "not read",
	})
	require.NoError(t, err)
	require.Equal(t, worker.Version{Deployment: "shop", BuildID: "v1"}, version)

	_, err = process.ReadWorkerVersion(process.Environment{"ORDERBRIDGE_WORKER_BUILD_ID": "v1"})
	require.EqualError(t, err, "worker versioning is off: set ORDERBRIDGE_WORKER_DEPLOYMENT to the same as for the workers")
}

func TestLoadNamesBothOfAVersion(t *testing.T) {
	t.Parallel()
	_, err := process.Load([]string{"ORDERBRIDGE_WORKER_DEPLOYMENT=a.b", "ORDERBRIDGE_WORKER_BUILD_ID=a b"})
	require.ErrorContains(t, err, `ORDERBRIDGE_WORKER_DEPLOYMENT "a.b"`)
	require.ErrorContains(t, err, `ORDERBRIDGE_WORKER_BUILD_ID "a b"`)
}
