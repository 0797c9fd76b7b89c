import { randomBytes } from 'node:crypto';

/** A typical transactional email: about 2 KB of HTML and its text, no attachment. */
export function typicalEmail(number: number) {
  const order = `A-${100_000 + number}`;
  const rows = ['Espresso cups, set of four', 'Pour-over kettle, 900 ml', 'Filter papers, 100']
    .map(
      (item, index) =>
        `<tr><td style="padding:8px 0;border-bottom:1px solid #eee">${item}</td><td align="right">${index + 1}</td><td align="right">€ ${(index + 1) * 19}.90</td></tr>`,
    )
    .join('\n');
  return {
    from: 'Corner Shop <orders@example.com>',
    to: [`customer-${number}@example.org`],
    subject: `Your order ${order} is on its way`,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Order ${order}</title></head>
<body style="margin:0;background:#f6f6f6;font-family:Helvetica,Arial,sans-serif;color:#222">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="background:#fff;border-radius:8px;padding:32px">
<tr><td><h1 style="font-size:20px;margin:0 0 16px">Thank you for your order</h1>
<p style="line-height:1.5">Hello, we have packed your order <strong>${order}</strong> and handed it to the carrier.
You can expect it within two working days. If nobody is at home, it will be left with a neighbour.</p>
<table width="100%" cellpadding="0" cellspacing="0"><tr><th align="left">Item</th><th align="right">Qty</th><th align="right">Price</th></tr>
${rows}</table>
<p style="margin:24px 0"><a href="https://shop.example.com/orders/${order}" style="background:#0a66c2;color:#fff;padding:12px 20px;border-radius:6px;text-decoration:none">Track your parcel</a></p>
<p style="font-size:12px;color:#777">You get this message because you ordered at Corner Shop, 1 High Street, Springfield.</p>
</td></tr></table></td></tr></table></body></html>`,
    text: `Thank you for your order\n\nWe have packed your order ${order} and handed it to the carrier.\nTrack it: https://shop.example.com/orders/${order}\n`,
  };
}

/** The same with a file that leaves about 100 KB of the body when it is compressed. */
export const largeEmail = (number: number) => ({
  ...typicalEmail(number),
  attachments: [{ filename: 'order.pdf', content: randomBytes(100 * 1024).toString('base64') }],
});
