/** The concurrent executions of an account, which all its functions share. */
export type AccountConcurrency = {
  /** Sets executions aside for one function: no other can use them. */
  reserve: (executions: number) => void;
  /** Takes one of those that are not reserved; false when all are in use. */
  enter: () => boolean;
  leave: () => void;
};

/** Counts concurrent executions up to `limit`: 1,000 for most accounts, 10 for many new ones. */
export function createAccountConcurrency(limit: number): AccountConcurrency {
  let free = limit;
  return {
    reserve: (executions) => {
      free -= executions;
    },
    enter: () => {
      if (free <= 0) return false;
      free -= 1;
      return true;
    },
    leave: () => {
      free += 1;
    },
  };
}
