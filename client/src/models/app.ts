import type { Clock } from '../platform/clock.ts';
import type { Location } from '../platform/location.ts';
import type { Storage } from '../platform/storage.ts';
import { derive } from '../reactive/derive.ts';
import { createValue, type Value } from '../reactive/value.ts';
import type { Gateway } from '../sdk/gateway.ts';
import { homeModel, type HomeModel } from './home.ts';
import { shortOrigin } from './homeserver.ts';
import type { Problem } from './problem.ts';
import { parseRoute, routeTo, type Route } from './route.ts';
import { sessionModel } from './session.ts';
import { signInModel, type SignInModel } from './sign-in.ts';
import { signUpModel, type SignUpModel } from './sign-up.ts';
import { themeModel, type ThemeModel } from './theme.ts';

export type Stage =
  | { readonly is: 'starting' }
  | { readonly is: 'stuck'; readonly problem: Problem }
  | { readonly is: 'sign-in'; readonly because: Problem | undefined }
  | { readonly is: 'sign-up'; readonly token: string | undefined }
  | { readonly is: 'home'; readonly home: HomeModel };

/** The whole client, without its looks. */
export interface AppModel {
  readonly stage: Value<Stage>;
  readonly theme: ThemeModel;
  readonly signIn: SignInModel;
  readonly signUp: SignUpModel;
  /** The server offered in the forms. */
  readonly homeserver: string;
  now(): number;
  start(): Promise<void>;
  signOut(): Promise<void>;
}

export interface AppNeeds {
  readonly clock: Clock;
  readonly location: Location;
  readonly storage: Storage;
  readonly systemIsDark: Value<boolean>;
  readonly visible: Value<boolean>;
  readonly gateway: () => Promise<Gateway>;
}

export const appModel = (needs: AppNeeds): AppModel => {
  const { location, storage, gateway } = needs;
  const route = derive([location.hash], parseRoute);
  const session = sessionModel({ storage, gateway });
  const home = createValue<HomeModel | undefined>(undefined);

  session.state.observe(() => {
    const state = session.state.get();
    home.get()?.[Symbol.dispose]();
    if (state.is !== 'signed-in') {
      home.set(undefined);
      return;
    }
    // Whoever came for a room goes on to that room; whoever came to sign in goes home.
    if (isDoor(route.get())) location.replace(routeTo.home);
    home.set(homeModel({ account: state.account, location, route, visible: needs.visible }));
  });

  return {
    stage: derive([session.state, route, home], (state, at, shown): Stage => {
      if (state.is === 'signed-in') return shown ? { is: 'home', home: shown } : { is: 'starting' };
      if (state.is !== 'signed-out') return state;
      return at.at === 'register' ? { is: 'sign-up', token: at.token } : { is: 'sign-in', because: state.because };
    }),
    theme: themeModel(storage, needs.systemIsDark),
    signIn: signInModel({ gateway, session, origin: location.origin }),
    signUp: signUpModel({ gateway, session, origin: location.origin }),
    homeserver: shortOrigin(location.origin),
    now: () => needs.clock.now(),
    start: () => session.resume(),
    signOut: () => session.signOut(),
  };
};

const isDoor = (route: Route): boolean => route.at === 'login' || route.at === 'register';
