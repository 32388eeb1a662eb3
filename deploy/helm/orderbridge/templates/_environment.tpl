{{/* One variable of a list, if it has a value. Takes name and value. */}}
{{- define "orderbridge.variable" -}}
{{- if not (or (kindIs "invalid" .value) (eq (toString .value) "")) }}
- name: {{ .name }}
  value: {{ ternary (int64 .value) .value (kindIs "float64" .value) | toString | quote }}
{{- end }}
{{- end }}

{{/* The connection to Temporal. Takes root. */}}
{{- define "orderbridge.temporalEnvironment" -}}
{{- $tls := .root.Values.temporal.tls -}}
{{- range list
  (list "TEMPORAL_ADDRESS" .root.Values.temporal.address)
  (list "TEMPORAL_NAMESPACE" .root.Values.temporal.namespace)
  (list "TEMPORAL_TLS" $tls.enabled)
  (list "TEMPORAL_TLS_SERVER_NAME" $tls.serverName)
  (list "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION" (ternary true "" $tls.disableHostVerification))
  (list "TEMPORAL_TLS_SERVER_CA_CERT_PATH" (ternary "/run/secrets/temporal-tls/ca.crt" "" (ne $tls.ca.existingSecret "")))
  (list "TEMPORAL_TLS_CLIENT_CERT_PATH" (ternary "/run/secrets/temporal-tls/tls.crt" "" (ne $tls.client.existingSecret "")))
  (list "TEMPORAL_TLS_CLIENT_KEY_PATH" (ternary "/run/secrets/temporal-tls/tls.key" "" (ne $tls.client.existingSecret "")))
}}
{{- include "orderbridge.variable" (dict "name" (index . 0) "value" (index . 1)) }}
{{- end }}
{{- end }}

{{/* Where traces go. Takes root. */}}
{{- define "orderbridge.tracingEnvironment" -}}
{{- $c := .root.Values.tracing -}}
{{- if $c.enabled }}
{{- range list
  (list "ORDERBRIDGE_TRACING" "otlp")
  (list "OTEL_EXPORTER_OTLP_ENDPOINT" $c.endpoint)
  (list "OTEL_EXPORTER_OTLP_PROTOCOL" $c.protocol)
  (list "OTEL_TRACES_SAMPLER" $c.sampler)
  (list "OTEL_TRACES_SAMPLER_ARG" (ternary "" (toString $c.samplerRatio) (kindIs "invalid" $c.samplerRatio)))
}}
{{- include "orderbridge.variable" (dict "name" (index . 0) "value" (index . 1)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the ingress alone is told. Takes root. */}}
{{- define "orderbridge.ingressEnvironment" -}}
{{- $c := .root.Values.ingress -}}
{{- range list
  (list "ORDERBRIDGE_LISTEN_ADDRESS" ":8080")
  (list "ORDERBRIDGE_SERVE_METRICS" false)
  (list "ORDERBRIDGE_MAX_BODY_BYTES" $c.maxBodyBytes)
  (list "ORDERBRIDGE_START_TIMEOUT" $c.startTimeout)
  (list "ORDERBRIDGE_READ_TIMEOUT" $c.readTimeout)
  (list "ORDERBRIDGE_DRAIN_DELAY" (printf "%ds" (int $c.drainDelaySeconds)))
  (list "ORDERBRIDGE_SHUTDOWN_TIMEOUT" (printf "%ds" (int $c.shutdownTimeoutSeconds)))
}}
{{- include "orderbridge.variable" (dict "name" (index . 0) "value" (index . 1)) }}
{{- end }}
{{- end }}

{{/* What the worker alone is told. Takes root, and buildID if versions are told apart. */}}
{{- define "orderbridge.workerEnvironment" -}}
{{- $c := .root.Values.worker -}}
{{- range list
  (list "ORDERBRIDGE_WORKER_MAX_WORKFLOW_TASKS" $c.maxWorkflowTasks)
  (list "ORDERBRIDGE_WORKER_MAX_LOCAL_ACTIVITIES" $c.maxLocalActivities)
  (list "ORDERBRIDGE_WORKER_MAX_ACTIVITIES" $c.maxActivities)
  (list "ORDERBRIDGE_WORKER_STOP_TIMEOUT" (printf "%ds" (int $c.stopTimeoutSeconds)))
  (list "ORDERBRIDGE_HTTP_TIMEOUT" $c.httpTimeout)
  (list "ORDERBRIDGE_CHANNEL_CACHE_TTL" $c.channelCacheTTL)
  (list "ORDERBRIDGE_SURVEY_EVERY" $c.surveyEvery)
}}
{{- include "orderbridge.variable" (dict "name" (index . 0) "value" (index . 1)) }}
{{- end }}
{{- end }}

{{/* Which build a worker is. Takes root and buildID. */}}
{{- define "orderbridge.versionEnvironment" -}}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_WORKER_DEPLOYMENT" "value" (include "orderbridge.deployment" .root)) }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_WORKER_BUILD_ID" "value" .buildID) }}
{{- end }}

{{/* The environment of a component, a list. Takes root, component, extraEnv and buildID. */}}
{{- define "orderbridge.environment" -}}
{{- $ := .root -}}
{{- if has .component (list "ingress" "worker") }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_OPS_ADDRESS" "value" ":9464") }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_METRICS_CHANNELS" "value" $.Values.config.metricsChannels) }}
{{- include "orderbridge.tracingEnvironment" . }}
{{- end }}
{{- if eq .component "doctor" }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_LISTEN_ADDRESS" "value" (printf "%s-ingress:%d" (include "orderbridge.fullname" $) (int $.Values.ingress.service.port))) }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_OPS_ADDRESS" "value" (printf "%s-ops:9464" (include "orderbridge.fullname" $))) }}
{{- end }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_LOG_FORMAT" "value" $.Values.config.logFormat) }}
{{- include "orderbridge.variable" (dict "name" "ORDERBRIDGE_LOG_LEVEL" "value" $.Values.config.logLevel) }}
{{- if eq .component "ingress" }}
{{- include "orderbridge.ingressEnvironment" . }}
{{- end }}
{{- if eq .component "worker" }}
{{- include "orderbridge.workerEnvironment" . }}
{{- end }}
{{- if .buildID }}
{{- include "orderbridge.versionEnvironment" . }}
{{- end }}
{{- include "orderbridge.temporalEnvironment" . }}
{{- range include "orderbridge.secrets" . | fromJsonArray }}
{{- include "orderbridge.variable" (dict "name" .variable "value" (printf "/run/secrets/orderbridge/%s" .file)) }}
{{- end }}
{{- with $.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
