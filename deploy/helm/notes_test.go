package helm_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNotes shows what helm install tells at its end.
func TestNotes(t *testing.T) {
	t.Parallel()
	for set, says := range map[string][]string{
		"minimal":    {"Nothing leads from outside to the Service shop-orderbridge-ingress", "helm test shop --namespace orders --logs"},
		"production": {"BigCommerce calls https://hooks.example.com/webhooks/bigcommerce/CHANNEL", "deployment/shop-orderbridge-ingress -- /orderbridge"},
		"open":       {"http://hooks.example.com", "terminate TLS before this Ingress"},
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			texts, err := render(values(t, set))
			require.NoError(t, err)
			for _, text := range says {
				require.Contains(t, texts["NOTES.txt"], text)
			}
			require.NotContains(t, texts["NOTES.txt"], someKey)
		})
	}
}
