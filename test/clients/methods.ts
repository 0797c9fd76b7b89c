export async function printMethods(): Promise<string> {
  return '';
}
