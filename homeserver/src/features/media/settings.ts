/** What the operator decides about files; the section `media` of the configuration. */
export interface MediaSettings {
  readonly max_upload_bytes: number;
  readonly quota_bytes_per_user: number;
  readonly max_pending_uploads: number;
  readonly unused_upload_hours: number;
  readonly max_remote_bytes: number;
  readonly keep_remote_days: number;
  readonly remote_cache_bytes: number;
  readonly max_picture_pixels: number;
  readonly picture_processes: number;
  readonly allow_unauthenticated: boolean;
}
