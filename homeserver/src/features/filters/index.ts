export { filtersRoutes } from './filters.routes.ts';
export { Filters } from './filters.service.ts';
export { parseInlineFilter } from './inline-filter.ts';
