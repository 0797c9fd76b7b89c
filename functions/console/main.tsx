import './style/index.css';
import { render } from 'preact';
import { openSession } from './api/session.ts';
import { App } from './app.tsx';
import { followAddress } from './router.ts';
import { followTheme } from './theme.ts';

followTheme();
followAddress();
render(<App />, document.getElementById('console') ?? document.body);
openSession();
