/**
 * For tests in which workers crash or a job is delivered twice: a job whose email another worker holds returns only after the
 * visibility timeout, which is six minutes in the template. It stays longer than a lease (time-out + 2 s), as on AWS.
 */
export const shortVisibility = { functionTimeoutSeconds: 6, visibilityTimeoutSeconds: 9 };
