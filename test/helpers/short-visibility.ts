/**
 * For the local cloud of a test in which workers die or a job is there twice: a job that finds its email in another worker's
 * hands comes back only after the visibility timeout, six minutes of the template. Longer than a lease (time-out + 2 s), as on AWS.
 */
export const shortVisibility = { functionTimeoutSeconds: 6, visibilityTimeoutSeconds: 9 };
