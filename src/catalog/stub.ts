export type MediaEnv = { readonly MEDIA: R2Bucket };

/** The bucket that images are served from. */
export const mediaBucket = (env: MediaEnv): R2Bucket => env.MEDIA;
