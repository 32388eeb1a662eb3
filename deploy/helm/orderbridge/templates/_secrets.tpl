{{/*
The secrets that a component reads, as JSON: the variable, the file, and the
Secret and key that it comes from. Takes root and component. Jobs that work on
Temporal alone get nothing else.
*/}}
{{- define "orderbridge.secrets" -}}
{{- $root := .root -}}
{{- $known := list
  (dict "value" "masterKey" "variable" "ORDERBRIDGE_MASTER_KEY_FILE" "file" "master-key" "for" (list "ingress" "worker" "doctor"))
  (dict "value" "previousMasterKeys" "variable" "ORDERBRIDGE_PREVIOUS_MASTER_KEYS_FILE" "file" "previous-master-keys" "for" (list "ingress" "worker" "doctor"))
  (dict "value" "keeperURL" "variable" "ORDERBRIDGE_KEEPER_URL_FILE" "file" "keeper-url" "for" (list "ingress" "worker" "doctor"))
  (dict "value" "previousKeeperURLs" "variable" "ORDERBRIDGE_PREVIOUS_KEEPER_URLS_FILE" "file" "previous-keeper-urls" "for" (list "ingress" "worker" "doctor"))
  (dict "value" "apiTokens" "variable" "ORDERBRIDGE_API_TOKENS_FILE" "file" "api-tokens" "for" (list "ingress"))
  (dict "value" "temporalAPIKey" "variable" "TEMPORAL_API_KEY_FILE" "file" "temporal-api-key" "for" (list "ingress" "worker" "doctor" "setup" "rollout"))
  (dict "value" "tracingHeaders" "variable" "OTEL_EXPORTER_OTLP_HEADERS_FILE" "file" "tracing-headers" "for" (ternary (list "ingress" "worker") list $root.Values.tracing.enabled))
-}}
{{- $out := list -}}
{{- range $known -}}
{{- $given := index $root.Values.secrets .value -}}
{{- if has $.component .for -}}
{{- if $given.existingSecret -}}
{{- $out = append $out (dict "variable" .variable "file" .file "secret" $given.existingSecret "key" $given.key) -}}
{{- else if $given.value -}}
{{- $out = append $out (dict "variable" .variable "file" .file "secret" (include "orderbridge.secretName" $) "key" .file) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ $out | toJson }}
{{- end }}

{{/* Before an installation there is no Secret of the release yet: setup has one of its own. */}}
{{- define "orderbridge.secretName" -}}
{{ include "orderbridge.fullname" .root }}{{ if eq .component "setup" }}-setup{{ end }}
{{- end }}

{{/* The volumes of a component, a list; empty if it has none. */}}
{{- define "orderbridge.volumes" -}}
{{- $tls := .root.Values.temporal.tls -}}
{{- with include "orderbridge.secrets" . | fromJsonArray }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      - secret:
          name: {{ .secret }}
          items:
            - key: {{ .key }}
              path: {{ .file }}
      {{- end }}
{{- end }}
{{- if or $tls.ca.existingSecret $tls.client.existingSecret }}
- name: temporal-tls
  projected:
    defaultMode: 0440
    sources:
      {{- with $tls.ca.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - key: {{ $tls.ca.key }}
              path: ca.crt
      {{- end }}
      {{- with $tls.client.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - key: {{ $tls.client.certificateKey }}
              path: tls.crt
            - key: {{ $tls.client.privateKeyKey }}
              path: tls.key
      {{- end }}
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where they are mounted. */}}
{{- define "orderbridge.volumeMounts" -}}
{{- $tls := .root.Values.temporal.tls -}}
{{- if include "orderbridge.secrets" . | fromJsonArray }}
- name: secrets
  mountPath: /run/secrets/orderbridge
  readOnly: true
{{- end }}
{{- if or $tls.ca.existingSecret $tls.client.existingSecret }}
- name: temporal-tls
  mountPath: /run/secrets/temporal-tls
  readOnly: true
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
