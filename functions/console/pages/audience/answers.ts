import type { importView } from '../../../api/contact-imports/view.ts';
import type { propertyView } from '../../../api/contact-properties/view.ts';
import type { contactDetail, contactRow } from '../../../api/contacts/view.ts';
import type { countedSegment, segmentRow } from '../../../api/segments/view.ts';
import type { contactTopicView, topicView } from '../../../api/topics/view.ts';

export type ContactRow = ReturnType<typeof contactRow>;
export type Contact = ReturnType<typeof contactDetail>;
export type SegmentName = ReturnType<typeof segmentRow>;
export type Segment = ReturnType<typeof countedSegment>;
export type Topic = ReturnType<typeof topicView>;
export type ContactTopic = ReturnType<typeof contactTopicView>;
export type Property = ReturnType<typeof propertyView>;
export type Import = ReturnType<typeof importView>;
